package kernel

import (
	"strings"
	"testing"

	"graft/kernel/wire"
)

// in sends a cell to a subshell.
func (f *front) in(id, code string) string {
	f.t.Helper()
	return f.sendIn(id, "execute_request", wire.Object{"code": code, "user_expressions": wire.Object{}})
}

// sendIn sends a request to a subshell.
func (f *front) sendIn(id, msgType string, content any) string {
	f.t.Helper()
	return f.sendHeader(shell, msgType, content, map[string]any{"subshell_id": id})
}

func (f *front) subshell() string {
	f.t.Helper()
	published, reply := f.ask(control, "create_subshell_request", wire.Object{})
	equal(f.t, published, []string{busyStatus, idleStatus})
	id, _ := reply["subshell_id"].(string)
	if reply["status"] != "ok" || id == "" {
		f.t.Fatalf("got %v", reply)
	}
	return id
}

// Subshells run their cells beside the main shell's, count for themselves,
// and an interrupt is for all.
func TestSubshells(t *testing.T) {
	f := start(t)
	f.execute("value", nil)
	a, b := f.subshell(), f.subshell()
	_, reply := f.ask(control, "list_subshell_request", wire.Object{})
	equal(t, reply, map[string]any{"status": "ok", "subshell_id": []any{a, b}})
	inA := f.in(a, "hold")
	held := <-f.engine.holding
	equal(t, []any{held.Number, held.Subshell}, []any{1, true})
	inMain := f.send(shell, "execute_request", wire.Object{"code": "hold"})
	held = <-f.engine.holding
	equal(t, []any{held.Number, held.Subshell}, []any{2, false})
	for i, want := range []string{"1", "2"} {
		id := f.in(b, "value")
		published, reply := f.collect(id, true)
		equal(t, published[1:3], []string{`execute_input {"code":"value","execution_count":` + want + `}`,
			`execute_result {"execution_count":` + want + `,"data":{"text/plain":"` + want + `"},"metadata":{},"transient":{}}`})
		equal(t, reply["execution_count"], float64(i+1))
	}
	f.engine.release <- struct{}{}
	f.engine.release <- struct{}{}
	for _, id := range []string{inA, inMain} {
		_, reply := f.collect(id, true)
		equal(t, reply["status"], "ok")
	}
	inA, inB := f.in(a, "hold"), f.in(b, "hold")
	<-f.engine.holding
	<-f.engine.holding
	f.ask(control, "interrupt_request", wire.Object{})
	for _, id := range []string{inA, inB} {
		_, reply := f.collect(id, true)
		equal(t, reply["status"], "error")
	}
}

// A failed cell aborts what waits in its own subshell.
func TestAbortInASubshell(t *testing.T) {
	f := start(t)
	a, b := f.subshell(), f.subshell()
	ids := []string{f.in(a, "hold"), f.in(a, "value"), f.in(b, "hold"), f.in(b, "value")}
	<-f.engine.holding
	<-f.engine.holding
	failed := f.in(a, "value")
	f.engine.release <- struct{}{} // one of the two goes on
	f.engine.release <- struct{}{}
	for _, id := range append(ids, failed) {
		_, reply := f.collect(id, true)
		equal(t, reply["status"], "ok")
	}
	first, waiting, other := f.in(a, "fail"), f.in(a, "value"), f.in(b, "value")
	_, reply := f.collect(first, true)
	equal(t, reply["ename"], "Panic")
	_, reply = f.collect(waiting, true)
	equal(t, reply["ename"], "Aborted")
	_, reply = f.collect(other, true)
	equal(t, reply["status"], "ok")
}

// Deleting a subshell interrupts what it runs and aborts what waits in it.
func TestDeleteSubshell(t *testing.T) {
	f := start(t)
	a := f.subshell()
	running, waiting := f.in(a, "hold"), f.in(a, "value")
	<-f.engine.holding
	comm := f.sendIn(a, "comm_msg", wire.Object{"comm_id": "c", "data": wire.Object{}})
	// what is queued has arrived once something sent behind it is answered
	f.collect(f.send(shell, "kernel_info_request", wire.Object{}), true)
	_, reply := f.ask(control, "delete_subshell_request", wire.Object{"subshell_id": a})
	equal(t, reply, map[string]any{"status": "ok"})
	_, reply = f.collect(running, true)
	equal(t, reply["status"], "error")
	_, reply = f.collect(waiting, true)
	equal(t, reply["ename"], "Aborted")
	f.collect(comm, false)
	_, reply = f.ask(control, "list_subshell_request", wire.Object{})
	equal(t, reply["subshell_id"], []any{})
	for _, msgType := range []string{"execute_request", "kernel_info_request", "complete_request"} {
		published, reply := f.collect(f.sendIn(a, msgType, wire.Object{"code": "value"}), true)
		equal(t, published, []string{busyStatus, idleStatus})
		equal(t, []any{reply["status"], reply["ename"]}, []any{"error", "UnknownSubshell"})
		if !strings.Contains(reply["evalue"].(string), a) {
			t.Errorf("%q does not name the subshell", reply["evalue"])
		}
	}
	f.collect(f.sendIn(a, "comm_msg", wire.Object{"comm_id": "c"}), false)
	_, reply = f.ask(control, "delete_subshell_request", wire.Object{"subshell_id": a})
	equal(t, reply["ename"], "UnknownSubshell")
	_, reply = f.ask(control, "delete_subshell_request", wire.Object{"subshell_id": 5})
	equal(t, reply["ename"], "BadRequest")
	f.execute("value", nil)
}

// Null is the main shell.
func TestNullSubshell(t *testing.T) {
	f := start(t)
	_, reply := f.collect(f.sendHeader(shell, "execute_request", wire.Object{"code": "value"}, map[string]any{"subshell_id": nil}), true)
	equal(t, []any{reply["status"], reply["execution_count"]}, []any{"ok", 1.0})
}

// A kernel with subshells ends too.
func TestShutdownWithSubshells(t *testing.T) {
	f := start(t)
	f.in(f.subshell(), "hold")
	<-f.engine.holding
	f.subshell()
}
