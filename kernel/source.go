package kernel

import (
	"unicode/utf8"

	"graft/kernel/wire"
)

// Cursor positions are code points on the wire (since protocol 5.2) and bytes
// in the engine.

// byteOffset is the byte at which the n-th code point starts.
func byteOffset(source string, n int) int {
	if n <= 0 {
		return 0
	}
	for i := range source {
		if n == 0 {
			return i
		}
		n--
	}
	return len(source)
}

// codePoint is the number of code points before a byte.
func codePoint(source string, offset int) int {
	return utf8.RuneCountInString(source[:min(max(offset, 0), len(source))])
}

// cursor is the request's position in bytes, by default the end.
func cursor(c wire.SourceRequest) int {
	if c.CursorPos == nil {
		return len(c.Code)
	}
	return byteOffset(c.Code, *c.CursorPos)
}

// complete answers complete_request. The kinds go where JupyterLab and VS
// Code look for them.
func (k *Kernel) complete(r *request) any {
	var c wire.SourceRequest
	if bad := r.content(&c); bad != nil {
		return bad
	}
	found := k.opt.Engine.Complete(c.Code, cursor(c))
	start, end := codePoint(c.Code, found.Start), codePoint(c.Code, found.End)
	reply := wire.CompleteReply{Status: "ok", Start: start, End: end}
	kinds := wire.List{}
	for _, m := range found.Matches {
		reply.Matches = append(reply.Matches, m.Text)
		kinds = append(kinds, wire.Object{"start": start, "end": end, "text": m.Text, "type": m.Kind, "signature": m.Signature})
	}
	reply.Metadata = wire.Object{"_jupyter_types_experimental": kinds}
	return reply
}

// inspect answers inspect_request. At detail level 1 source is wanted too.
func (k *Kernel) inspect(r *request) any {
	var c wire.SourceRequest
	if bad := r.content(&c); bad != nil {
		return bad
	}
	found := k.opt.Engine.Inspect(c.Code, cursor(c))
	if c.Detail > 0 {
		found = found.WithSource()
	}
	return wire.InspectReply{Status: "ok", Found: found.Found, Data: found.Data}
}

// isComplete answers is_complete_request.
func (k *Kernel) isComplete(r *request) any {
	var c wire.SourceRequest
	if bad := r.content(&c); bad != nil {
		return bad
	}
	got := k.opt.Engine.IsComplete(c.Code)
	reply := wire.IsCompleteReply{Status: got.Status}
	if got.Status == "incomplete" {
		reply.Indent = &got.Indent
	}
	return reply
}
