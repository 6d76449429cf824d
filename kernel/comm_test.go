package kernel

import (
	"encoding/json"
	"testing"

	"graft/kernel/wire"
)

func TestComms(t *testing.T) {
	f := start(t)
	open := func(id, target string) []string {
		published, _ := f.collect(f.send(shell, "comm_open", wire.Object{"comm_id": id, "target_name": target, "data": wire.Object{}}), false)
		return published
	}
	info := func(content wire.Object) any {
		_, reply := f.ask(shell, "comm_info_request", content)
		equal(t, reply["status"], "ok")
		return reply["comms"]
	}
	equal(t, open("c", "nosuch"), []string{busyStatus, `comm_close {"comm_id":"c","data":{}}`, idleStatus})
	equal(t, info(nil), map[string]any{})
	equal(t, open("d", "known"), []string{busyStatus, idleStatus})
	published, _ := f.execute("open", nil)
	equal(t, published[2], `comm_open {"comm_id":"mine","target_name":"theirs","data":{"a":1}}`)
	equal(t, info(wire.Object{}), map[string]any{"d": map[string]any{"target_name": "known"}, "mine": map[string]any{"target_name": "theirs"}})
	equal(t, info(wire.Object{"target_name": "theirs"}), map[string]any{"mine": map[string]any{"target_name": "theirs"}})

	id := f.sendOut(shell, wire.Outgoing{Type: "comm_msg", Content: wire.Object{"comm_id": "d", "data": wire.Object{"x": "<é"}},
		Metadata: wire.Object{"m": 1}, Buffers: [][]byte{{0, 255}, {}}})
	var answer received
	for answer.Message == nil || answer.Header.Type != "comm_msg" {
		answer = f.take("answer", func(m received) bool { return m.Parent.ID == id })
	}
	equal(t, []string{string(answer.Content), string(answer.Metadata)}, []string{`{"comm_id":"d","data":{"x":"<é"}}`, `{"m":1}`})
	equal(t, answer.Buffers, [][]byte{{0, 255}, {}})
	f.collect(id, false)

	published, _ = f.collect(f.send(shell, "comm_msg", wire.Object{"comm_id": "d", "data": wire.Object{"do": "fail"}}), false)
	equal(t, published, []string{busyStatus, `stream {"name":"stdout","text":"called"}`, `comm_msg {"comm_id":"d","data":{"do":"fail"}}`,
		`error {"ename":"Panic","evalue":"message","traceback":["a","b"]}`, idleStatus})
	f.collect(f.send(shell, "comm_close", wire.Object{"comm_id": "d"}), false)
	equal(t, info(wire.Object{"target_name": "known"}), map[string]any{})
	for _, content := range []string{`{}`, `{"comm_id":5}`, `{"comm_id":"x","data":7}`, `{"comm_id":"x","data":null}`} {
		published, _ := f.collect(f.send(shell, "comm_open", json.RawMessage(content)), false)
		equal(t, published[len(published)-1], idleStatus)
	}
}

// What is said on a comm waits for the cell before it, and a cell that fails
// does not abort it.
func TestCommsTakeTheirTurn(t *testing.T) {
	f := start(t)
	f.collect(f.send(shell, "comm_open", wire.Object{"comm_id": "d", "target_name": "known"}), false)
	cell := f.send(shell, "execute_request", wire.Object{"code": "wait"})
	<-f.engine.started
	said := f.send(shell, "comm_msg", wire.Object{"comm_id": "d"})
	f.ask(control, "kernel_info_request", wire.Object{})
	f.kernel.Interrupt()
	_, reply := f.collect(cell, true)
	equal(t, reply["status"], "error")
	published, _ := f.collect(said, false)
	equal(t, published[2], `comm_msg {"comm_id":"d","data":{}}`)
}
