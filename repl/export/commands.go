package export

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"graft/repl/internal/command"
)

// command takes a % or ! command in. What times Go has some to check.
func (e *exporter) command(c Cell, cmd command.Command) error {
	p := &piece{cell: c, cmd: &cmd}
	switch cmd.Name {
	case "%time", "%%time":
		if p.source = cmd.Go(); strings.TrimSpace(p.source) != "" {
			if err := e.code(p); err != nil {
				return err
			}
		}
		if rest := strings.Repeat("\n", cmd.Line) + cmd.Body; cmd.Name == "%time" && strings.TrimSpace(rest) != "" {
			return e.code(&piece{cell: c, source: rest})
		}
		return nil
	case "%reset":
		e.session = e.newSession()
	}
	e.pieces = append(e.pieces, p)
	return nil
}

// translate writes a command as Go, where there is some that means the same,
// else as a comment that the notes name.
func (e *exporter) translate(p *piece) {
	cmd, sc := *p.cmd, scope{main: !p.cell.MayFail}
	switch cmd.Name {
	case "%time", "%%time":
		start := e.fresh("start")
		p.timed = true
		p.before = []string{start + " := " + e.use("time", "time") + ".Now()"}
		p.after = []string{fmt.Sprintf("%s.Println(\"took\", %s.Since(%s))", e.use("fmt", "fmt"), e.use("time", "time"), start)}
	case "%cd":
		p.before = e.cd(sc, cmd)
	case "%env":
		p.before = e.env(sc, cmd)
	case "%%writefile":
		p.before = e.writefile(sc, cmd)
	case "!":
		p.before = e.shell(sc, cmd)
	}
	if p.before != nil {
		return
	}
	text := strings.TrimSpace(cmd.Name + " " + cmd.Args)
	if cmd.Body != "" {
		text += "\n" + strings.TrimRight(cmd.Body, "\n")
	}
	p.before = []string{commented(text)}
	if cmd.Name != "%reset" {
		e.note(p.cell, "%s is a comment: it has no meaning outside a notebook", cmd.Name)
	}
}

// try is a call that ends the program when it fails.
func (e *exporter) try(sc scope, call string) string {
	return fmt.Sprintf("if err := %s; err != nil {\n%s\n}", call, e.failure(sc, "err"))
}

func (e *exporter) cd(sc scope, cmd command.Command) []string {
	dir := strings.Trim(cmd.Args, `"`)
	osPkg := e.use("os", "os")
	if dir == "" || dir == "~" || strings.HasPrefix(dir, "~/") {
		return []string{e.try(sc, fmt.Sprintf("%s.Chdir(%s.Getenv(\"HOME\") + %q)", osPkg, osPkg, strings.TrimPrefix(dir, "~")))}
	}
	return []string{e.try(sc, fmt.Sprintf("%s.Chdir(%q)", osPkg, dir))}
}

func (e *exporter) env(sc scope, cmd command.Command) []string {
	name, value, set := strings.Cut(cmd.Args, "=")
	name = strings.TrimSpace(name)
	switch {
	case cmd.Args == "":
		return nil
	case set:
		return []string{e.try(sc, fmt.Sprintf("%s.Setenv(%q, %q)", e.use("os", "os"), name, strings.Trim(strings.TrimSpace(value), `"`)))}
	}
	v := e.fresh("value")
	return []string{
		fmt.Sprintf("%s, ok := %s.LookupEnv(%q)\nif !ok {\n%s\n}", v, e.use("os", "os"), name,
			e.failure(sc, strconv.Quote("there is no environment variable "+name))),
		fmt.Sprintf("%s.Println(%s)", e.use("fmt", "fmt"), v),
	}
}

func (e *exporter) writefile(sc scope, cmd command.Command) []string {
	osPkg, name := e.use("os", "os"), cmd.Args
	text := strconv.Quote(cmd.Body)
	if strconv.CanBackquote(strings.ReplaceAll(cmd.Body, "\n", "")) {
		text = "`" + cmd.Body + "`"
	}
	said := func(verb, name string) string {
		return fmt.Sprintf("%s.Println(%q)", e.use("fmt", "fmt"), verb+" "+name)
	}
	rest, appended := strings.CutPrefix(name, "-a ")
	if !appended {
		return []string{e.try(sc, fmt.Sprintf("%s.WriteFile(%q, []byte(%s), %#o)", osPkg, name, text, os.FileMode(0o644))), said("wrote", name)}
	}
	name = strings.TrimSpace(rest)
	f := e.fresh("file")
	return []string{
		fmt.Sprintf("%s, err := %s.OpenFile(%q, %s.O_WRONLY|%s.O_CREATE|%s.O_APPEND, 0o644)", f, osPkg, name, osPkg, osPkg, osPkg),
		e.fail(sc, "err"),
		fmt.Sprintf("if _, err := %s.WriteString(%s); err != nil {\n%s\n}", f, text, e.failure(sc, "err")),
		e.try(sc, f+".Close()"), said("appended to", name),
	}
}

func (e *exporter) shell(sc scope, cmd command.Command) []string {
	name, osPkg := e.fresh("cmd"), e.use("os", "os")
	return []string{
		fmt.Sprintf("%s := %s.Command(\"sh\", \"-c\", %q)", name, e.use("os/exec", "exec"), cmd.Args),
		fmt.Sprintf("%s.Stdout, %s.Stderr = %s.Stdout, %s.Stderr", name, name, osPkg, osPkg),
		e.try(sc, name+".Run()"),
	}
}
