// Package split cuts a cell into declarations and ordered statements.
package split

import (
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"strings"
)

// Parsed is a cell as two lists. Positions belong to two files of the file
// set; Offset maps them back into the cell.
type Parsed struct {
	Decls []ast.Decl // imports, types, constants, functions
	Stmts []ast.Stmt // everything else, in order
	// Skipped are the package clauses, as byte offsets from and to.
	Skipped [][2]int
	// Silent is set when the last statement is followed by a semicolon that
	// the user wrote.
	Silent bool

	source       string
	decls, stmts *token.File
}

// Error is a syntax error at a byte offset of the cell.
type Error struct {
	Offset int
	Msg    string
}

const (
	declPrefix = "package main;\n" // a comment on the first line is no comment of the package
	stmtPrefix = "package main;func _(){"
)

// chunk is a piece of the cell up to an automatic or written semicolon.
type chunk struct {
	from, to int
	decl     bool
	skip     bool
	written  bool // a semicolon that the user wrote follows
}

// Parse cuts source at semicolons at depth 0 and parses both halves.
func Parse(fset *token.FileSet, name, source string) (*Parsed, []Error) {
	p := &Parsed{source: source}
	chunks := cut(source)
	decls, stmts := blank(source), blank(source)
	some := false
	for _, c := range chunks {
		switch {
		case c.skip:
			p.Skipped = append(p.Skipped, [2]int{c.from, c.to})
		case c.decl:
			copy(decls[c.from:c.to], source[c.from:c.to])
		default:
			copy(stmts[c.from:c.to], source[c.from:c.to])
			some = true
		}
	}
	if n := len(chunks); n > 0 {
		c := chunks[n-1]
		p.Silent = !c.decl && c.written
	}
	// Comments belong to declarations, whose documentation they are.
	comments(source, chunks, decls)
	df, err := parser.ParseFile(fset, name, declPrefix+string(decls), parser.ParseComments|parser.SkipObjectResolution)
	errs := p.errors(err, len(declPrefix))
	if df != nil {
		p.decls = fset.File(df.FileStart)
		p.decls.AddLineColumnInfo(len(declPrefix), name, 1, 1) // for messages that name another place
		p.Decls = df.Decls
	}
	if some {
		sf, err := parser.ParseFile(fset, name, stmtPrefix+string(stmts)+"\n}", parser.SkipObjectResolution)
		errs = append(errs, p.errors(err, len(stmtPrefix))...)
		if sf != nil {
			p.stmts = fset.File(sf.FileStart)
			p.stmts.AddLineColumnInfo(len(stmtPrefix), name, 1, 1)
			if len(sf.Decls) > 0 {
				if f, ok := sf.Decls[0].(*ast.FuncDecl); ok && f.Body != nil {
					p.Stmts = f.Body.List
				}
			}
		}
	}
	return p, errs
}

func (p *Parsed) errors(err error, prefix int) []Error {
	list, ok := err.(scanner.ErrorList)
	if !ok {
		return nil
	}
	var out []Error
	for _, e := range list {
		off := e.Pos.Offset - prefix
		if off >= len(p.source) { // the brace that closes the statements' function
			e.Msg = strings.NewReplacer("found '}'", "found the end of the cell", "found 'EOF'", "found the end of the cell").Replace(e.Msg)
		}
		out = append(out, Error{min(max(off, 0), len(p.source)), unclosed.Replace(e.Msg)})
	}
	return out
}

// unclosed adds the bracket that is more often forgotten than the comma.
var unclosed = strings.NewReplacer("missing ',' before newline in argument list", "missing ')' or ',' before newline in argument list",
	"missing ',' in argument list", "missing ')' or ',' in argument list", "missing ',' before newline in composite literal", "missing '}' or ',' before newline in composite literal",
	"missing ',' in composite literal", "missing '}' or ',' in composite literal")

// Offset maps a position to a byte offset in the cell, -1 when it is not of
// this cell.
func (p *Parsed) Offset(pos token.Pos) int {
	for _, f := range []struct {
		file   *token.File
		prefix int
	}{{p.decls, len(declPrefix)}, {p.stmts, len(stmtPrefix)}} {
		if f.file != nil && int(pos) >= f.file.Base() && int(pos) <= f.file.Base()+f.file.Size() {
			return min(max(f.file.Offset(pos)-f.prefix, 0), len(p.source))
		}
	}
	return -1
}

// LineColumn converts an offset of source to a 1-based line and byte column.
func LineColumn(source string, offset int) (line, col int) {
	if offset < 0 {
		return 0, 0
	}
	offset = min(offset, len(source))
	head := source[:offset]
	return strings.Count(head, "\n") + 1, offset - strings.LastIndexByte(head, '\n')
}

func blank(s string) []byte {
	b := make([]byte, len(s))
	for i := range b {
		b[i] = ' '
		if s[i] == '\n' {
			b[i] = '\n'
		}
	}
	return b
}

// cut finds the chunks with the scanner alone, so that broken cells are cut
// like whole ones.
func cut(source string) []chunk {
	var s scanner.Scanner
	fs := token.NewFileSet()
	f := fs.AddFile("", fs.Base(), len(source))
	s.Init(f, []byte(source), func(token.Position, string) {}, 0)
	var out []chunk
	var toks []token.Token
	start, depth := -1, 0
	header := false // between for, if or switch and its block
	flush := func(end int) {
		if start >= 0 {
			out = append(out, classify(chunk{from: start, to: end}, toks))
		}
		start, toks, depth, header = -1, nil, 0, false
	}
	for {
		pos, tok, lit := s.Scan()
		off := f.Offset(pos)
		if tok == token.EOF {
			flush(len(source))
			return out
		}
		if tok == token.SEMICOLON && depth <= 0 && !(header && lit == ";") {
			if lit == ";" && start >= 0 {
				off++
			}
			flush(off)
			if n := len(out); n > 0 && lit == ";" {
				out[n-1].written = true
			}
			continue
		}
		if start < 0 {
			start = off
		}
		if len(toks) < 64 {
			toks = append(toks, tok)
		}
		switch tok {
		case token.FOR, token.IF, token.SWITCH:
			header = header || depth <= 0
		case token.LBRACE:
			header = header && depth > 0
		}
		switch tok {
		case token.LPAREN, token.LBRACE, token.LBRACK:
			depth++
		case token.RPAREN, token.RBRACE, token.RBRACK:
			depth--
		}
	}
}

func classify(c chunk, toks []token.Token) chunk {
	switch toks[0] {
	case token.PACKAGE:
		c.skip = true
	case token.IMPORT, token.TYPE, token.CONST:
		c.decl = true
	case token.FUNC:
		c.decl = named(toks)
	}
	return c
}

// named tells `func f(`, `func f[` and `func (r T) m(` from a literal.
func named(toks []token.Token) bool {
	if len(toks) > 1 && toks[1] == token.IDENT {
		return true
	}
	depth := 0
	for i, t := range toks[1:] {
		switch t {
		case token.LPAREN:
			depth++
		case token.RPAREN:
			if depth--; depth == 0 {
				rest := toks[i+2:]
				return len(rest) > 1 && rest[0] == token.IDENT && rest[1] == token.LPAREN
			}
		}
	}
	return false
}

// comments copies what stands between chunks into the declarations, where it
// can only be comments, when it is next to one.
func comments(source string, chunks []chunk, decls []byte) {
	prev := 0
	for _, c := range chunks {
		if c.decl {
			gap := source[prev:c.from]
			if i := strings.Index(gap, "//"); i >= 0 && (prev == 0 || strings.Contains(gap[:i], "\n")) {
				copy(decls[prev+i:c.from], gap[i:])
			} else if i := strings.Index(gap, "/*"); i >= 0 {
				copy(decls[prev+i:c.from], gap[i:])
			}
		}
		prev = c.to
	}
}
