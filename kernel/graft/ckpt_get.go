package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"graft/ckpt"
	"graft/ckpt/fetch"
)

func getCommand() *cobra.Command {
	var opt fetch.Options
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "get [NAME…]",
		Short: "Fetch published checkpoints and pictures; without a name, list them",
		Example: "  graft ckpt get\n" +
			"  graft ckpt get vgg_16 inception_v3\n" +
			"  GRAFT_MIRROR=http://teacher:8000 graft ckpt get vgg_16",
		Long: "Fetch published checkpoints and pictures, and print where they are: what the other commands and ckpt.Open take.\n" +
			"Without a name, list what there is and what is here already.\n\n" +
			"Names are those of TF-Slim's nets and releases. What was fetched stays in the cache: GRAFT_CACHE, or graft in the\n" +
			"user's cache folder. GRAFT_MIRROR is a server, or a folder, that has the archives under their own names and is\n" +
			"asked first; GRAFT_OFFLINE=1 asks no server. A download that breaks off goes on the next time.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return failed(listReleases(cmd, opt, asJSON))
			}
			for _, name := range args {
				if _, err := fetch.Find(name); err != nil {
					return err
				}
			}
			for _, name := range args {
				if err := get(cmd, name, opt); err != nil {
					return failed(err)
				}
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&opt.Dir, "cache", "", "the cache's folder")
	f.StringVar(&opt.Mirror, "mirror", "", "a server or folder that is asked first")
	f.BoolVar(&opt.Offline, "offline", false, "ask no server")
	f.BoolVar(&opt.Verify, "verify", false, "hold what is in the cache against its checksums")
	f.BoolVar(&asJSON, "json", false, "list one object a line")
	return cmd
}

// get fetches one release, with a bar a stage, and prints its path.
func get(cmd *cobra.Command, name string, opt fetch.Options) error {
	ctx, stop := interruptible()
	defer stop()
	opt.Context = ctx
	var bar progress
	var now fetch.Stage
	done := int64(0)
	opt.Progress = func(p fetch.Progress) {
		if p.Stage != now {
			bar.done()
			bar, now, done = newProgress(p.Name+": "+string(p.Stage), p.Total), p.Stage, 0
			if p.Stage == fetch.Waiting {
				fmt.Fprintf(cmd.ErrOrStderr(), "%s: another process fetches it\n", p.Name)
			}
		}
		bar.add(p.Done - done)
		done = p.Done
	}
	path, err := ckpt.FetchWith(name, opt)
	bar.done()
	if err != nil {
		if errors.Is(err, ctx.Err()) {
			return fmt.Errorf("%s: interrupted; what is here of it stays for the next time", name)
		}
		return err
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), path)
	return err
}

// offered is a release as --json has it.
type offered struct {
	Name       string  `json:"name"`
	Net        string  `json:"net,omitempty"`
	URL        string  `json:"url"`
	SHA256     string  `json:"sha256,omitempty"`
	Bytes      int64   `json:"bytes,omitempty"`
	Parameters float64 `json:"million_parameters,omitempty"`
	Top1       float64 `json:"top1,omitempty"`
	Top5       float64 `json:"top5,omitempty"`
	Path       string  `json:"path,omitempty"`
	Partial    int64   `json:"partial_bytes,omitempty"`
}

func listReleases(cmd *cobra.Command, opt fetch.Options, asJSON bool) error {
	dir := opt.Dir
	if dir == "" {
		var err error
		if dir, err = fetch.CacheDir(); err != nil {
			return err
		}
	}
	out := cmd.OutOrStdout()
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if !asJSON {
		fmt.Fprintln(w, "NAME\tARCHIVE\tPARAMETERS\tTOP-1\tTOP-5\tHERE")
	}
	for _, r := range fetch.Releases() {
		s, err := fetch.Cached(r, opt)
		if err != nil {
			return err
		}
		if asJSON {
			one := offered{r.Name, r.Net, r.URL, r.SHA256, r.Bytes, r.Parameters, r.Top1, r.Top5, s.Path, 0}
			if s.Partial {
				one.Partial = s.Bytes
			}
			if err := printJSON(out, one); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintln(w, strings.Join([]string{r.Name, known(size(r.Bytes), r.Bytes > 0), known(fmt.Sprintf("%.2f M", r.Parameters), r.Parameters > 0),
			known(fmt.Sprintf("%.1f %%", r.Top1), r.Top1 > 0), known(fmt.Sprintf("%.1f %%", r.Top5), r.Top5 > 0), here(s)}, "\t"))
	}
	if asJSON {
		return nil
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "\nParameters take four bytes each. The cache is %s.\n", shorten(dir))
	return err
}

func known(text string, is bool) string {
	if is {
		return text
	}
	return "-"
}

// here says what the cache has.
func here(s fetch.State) string {
	switch {
	case s.Path != "":
		return size(s.Bytes)
	case s.Partial:
		return "the first " + size(s.Bytes) + " of the archive"
	}
	return ""
}

// shorten writes the home folder as ~.
func shorten(path string) string {
	home, err := os.UserHomeDir()
	if rest, ok := strings.CutPrefix(path, home+string(os.PathSeparator)); err == nil && ok {
		return "~" + string(os.PathSeparator) + rest
	}
	return path
}
