package kernel

import (
	"fmt"
	"slices"
	"sync"

	"github.com/google/uuid"

	"graft/kernel/wire"
)

// subshell is a queue of cells, one at a time, with a count of its own (JEP
// 91). The main shell is one of them.
type subshell struct {
	id    string // "" is the main shell
	queue queue
	count int // the newest cell's, touched by the queue's goroutine only
	gone  chan struct{}
}

func newSubshell(id string) *subshell {
	return &subshell{id: id, queue: newQueue(), gone: make(chan struct{})}
}

// shells are the main shell and the subshells, oldest first.
type shells struct {
	mu   sync.Mutex
	list []*subshell
	runs sync.WaitGroup
}

// main is the shell that is always there.
func (s *shells) main() *subshell {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.list[0]
}

// find returns the shell that a request names, nil for one that is not there.
func (s *shells) find(id *string) *subshell {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id == nil {
		return s.list[0]
	}
	for _, sh := range s.list[1:] {
		if sh.id == *id {
			return sh
		}
	}
	return nil
}

func (s *shells) ids() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []string
	for _, sh := range s.list[1:] {
		ids = append(ids, sh.id)
	}
	return ids
}

// maxSubshells bounds what a client can make without deleting any.
const maxSubshells = 1000

// add makes a shell; its cells run once start is called.
func (s *shells) add(id string) (*subshell, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.list) > maxSubshells {
		return nil, fmt.Errorf("there are %d subshells: delete one first", maxSubshells)
	}
	sh := newSubshell(id)
	s.list = append(s.list, sh)
	return sh, nil
}

func (s *shells) remove(id string) *subshell {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, sh := range s.list[1:] {
		if sh.id == id {
			s.list = slices.Delete(s.list, i+1, i+2)
			return sh
		}
	}
	return nil
}

// createSubshell answers create_subshell_request.
func (k *Kernel) createSubshell(*request) any {
	sh, err := k.shells.add(uuid.NewString())
	if err != nil {
		return failure("TooManySubshells", err.Error())
	}
	k.shells.runs.Go(func() { k.runShell(sh) })
	return wire.Subshell{Status: "ok", ID: sh.id}
}

// deleteSubshell answers delete_subshell_request. What the subshell runs is
// interrupted, what waits in it is aborted.
func (k *Kernel) deleteSubshell(r *request) any {
	var c wire.Subshell
	if bad := r.content(&c); bad != nil {
		return bad
	}
	sh := k.shells.remove(c.ID)
	if sh == nil {
		return noSubshell(c.ID)
	}
	close(sh.gone)
	k.interruptShell(sh)
	return wire.Ok{Status: "ok"}
}

// listSubshells answers list_subshell_request.
func (k *Kernel) listSubshells(*request) any {
	return wire.SubshellList{Status: "ok", IDs: k.shells.ids()}
}

func noSubshell(id string) any {
	return failure("UnknownSubshell", fmt.Sprintf("there is no subshell %q", id))
}

// runShell does what is queued in a shell, until the kernel stops or the
// shell is deleted.
func (k *Kernel) runShell(sh *subshell) {
	for {
		r := sh.queue.next(k.stopped.Done(), sh.gone)
		if r == nil {
			break
		}
		k.serve(r, r.run)
		for _, a := range r.aborted {
			k.serve(a, k.abort)
		}
	}
	if k.stopped.Err() == nil {
		for _, r := range sh.queue.close() {
			k.serve(r, k.deleted)
		}
	}
}

// deleted answers what waited in a subshell that is no more.
func (k *Kernel) deleted(r *request) any {
	if r.Header.Type == "execute_request" {
		return aborted("its subshell was deleted before it ran")
	}
	return nil // comms want no answer
}
