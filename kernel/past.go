package kernel

import (
	"fmt"

	"graft/kernel/history"
	"graft/kernel/wire"
)

// historyRequest answers history_request.
func (k *Kernel) historyRequest(r *request) any {
	var c wire.HistoryRequest
	if bad := r.content(&c); bad != nil {
		return bad
	}
	ways := map[string]func() ([]history.Entry, error){
		"tail":   func() ([]history.Entry, error) { return k.history.Tail(or(c.N, 10)), nil },
		"range":  func() ([]history.Entry, error) { return k.history.Range(c.Session, c.Start, or(c.Stop, -1)), nil },
		"search": func() ([]history.Entry, error) { return k.history.Search(pattern(c.Pattern), or(c.N, -1), c.Unique) },
	}
	way, ok := ways[c.Access]
	if !ok {
		return failure("BadRequest", fmt.Sprintf("history_request: hist_access_type is %q, want tail, range or search", c.Access))
	}
	entries, err := way()
	if err != nil {
		return failure("BadRequest", err.Error())
	}
	reply := wire.HistoryReply{Status: "ok"}
	for _, e := range entries {
		var said any = e.Source
		if c.Output {
			said = [2]any{e.Source, output(e)}
		}
		reply.History = append(reply.History, [3]any{e.Session, e.Line, said})
	}
	return reply
}

// output is null for a cell without a value, as in ipykernel's history.
func output(e history.Entry) any {
	if e.Output == "" {
		return nil
	}
	return e.Output
}

func pattern(p string) string {
	if p == "" {
		return "*"
	}
	return p
}

func or(n *int, otherwise int) int {
	if n == nil {
		return otherwise
	}
	return *n
}
