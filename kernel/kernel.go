// Package kernel speaks the Jupyter messaging protocol for a repl.Engine.
//
// It is the front process: sockets, signatures, history, heartbeat. Cells run
// in the engine, which is a child process (see repl/worker), so that nothing
// a cell does can end the kernel.
//
// The way of a request: a socket of package zmtp hands the frames to receive,
// package wire makes a message of them, the table in dispatch.go finds the
// handler, and serve brackets it with busy and idle. Cells go through the
// queue of their shell and run one after the other; everything else is
// answered while they run.
package kernel

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"graft/kernel/history"
	"graft/kernel/wire"
	"graft/kernel/zmtp"
	"graft/repl"
)

// Options configure a kernel.
type Options struct {
	Connection *Connection
	Engine     repl.Engine
	Version    string // of graft
	// History is the file that keeps cells across sessions; "" keeps this
	// session's only.
	History string
	// OutputLimit bounds the text of one cell, in bytes; what is beyond goes
	// to a file. Default 8 MiB.
	OutputLimit int
	// Warn is told what went wrong without being a reason to end. Default:
	// nobody is.
	Warn func(error)
}

// Kernel serves one connection file.
type Kernel struct {
	opt      Options
	codec    *wire.Codec
	handlers map[string]handler
	history  *history.Store
	shells   shells
	comms    comms
	pace     pace

	shell, control, stdin *zmtp.Router
	iopub                 *zmtp.XPub
	out                   *outbox // of iopub
	heartbeat             *zmtp.Rep

	welcomed sync.Once
	answered atomic.Bool // some request

	mu         sync.Mutex
	interrupts map[*subshell]context.CancelFunc // of the running cells
	question   *question                        // to the user
	asking     chan struct{}                    // holds the place of the one question

	stop    context.CancelFunc
	stopped context.Context
}

// New binds the sockets and starts to answer.
func New(opt Options) (*Kernel, error) {
	codec, err := wire.NewCodec(opt.Connection.Scheme, []byte(opt.Connection.Key))
	if err != nil {
		return nil, err
	}
	if opt.OutputLimit <= 0 {
		opt.OutputLimit = 8 << 20
	}
	k := &Kernel{opt: opt, codec: codec, asking: make(chan struct{}, 1), pace: newPace(),
		comms: comms{open: map[string]string{}}, interrupts: map[*subshell]context.CancelFunc{}}
	k.shells.list = []*subshell{newSubshell("")}
	k.stopped, k.stop = context.WithCancel(context.Background())
	k.handlers, k.out = k.table(), newOutbox(k.warn)
	k.history = history.Open(opt.History, codec.Session())
	if err := k.bind(); err != nil {
		return nil, errors.Join(err, k.closeSockets(), k.history.Close())
	}
	return k, nil
}

// bind opens the sockets, iopub before those through which requests come.
func (k *Kernel) bind() error {
	c := k.opt.Connection
	for _, name := range []string{hb, iopub, stdin, control, shell} {
		l, err := c.listen(name)
		if err != nil {
			return err
		}
		switch name {
		case hb:
			k.heartbeat = zmtp.NewRep(l, func(frames [][]byte) [][]byte { return frames })
		case iopub:
			k.iopub = zmtp.NewXPub(l, k.welcome)
			go k.out.work(k.iopub.Flush)
		case stdin:
			k.stdin = zmtp.NewRouter(l, k.receiveInput)
		case control:
			k.control = zmtp.NewRouter(l, k.receive)
		case shell:
			k.shell = zmtp.NewRouter(l, k.receive)
		}
	}
	return c.writeBack()
}

// Run runs cells until a shutdown_request comes or ctx ends, and closes
// everything.
func (k *Kernel) Run(ctx context.Context) error {
	release := context.AfterFunc(ctx, k.Shutdown)
	defer release()
	k.shells.runs.Go(func() { k.runShell(k.shells.main()) })
	<-k.stopped.Done()
	k.Interrupt()
	engine := make(chan error, 1)
	go func() { engine <- k.opt.Engine.Close() }()
	err := k.closeSockets()
	err = errors.Join(err, <-engine)
	k.shells.runs.Wait()
	if e := k.history.Close(); e != nil {
		k.warn(fmt.Errorf("kernel: this session's cells are not kept for the next: %w", e))
	}
	return err
}

func (k *Kernel) warn(err error) {
	if k.opt.Warn != nil {
		k.opt.Warn(err)
	}
}

// Shutdown ends Run.
func (k *Kernel) Shutdown() { k.stop() }

// Interrupt stops the running cells, those of all subshells; without one it
// does nothing.
func (k *Kernel) Interrupt() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, interrupt := range k.interrupts {
		interrupt()
	}
}

func (k *Kernel) interruptShell(sh *subshell) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if interrupt := k.interrupts[sh]; interrupt != nil {
		interrupt()
	}
}

// closeSockets closes iopub last, so that nothing that the others still
// answer is left without its idle.
func (k *Kernel) closeSockets() error {
	var all sync.WaitGroup
	var errs [4]error
	for i, s := range []*zmtp.Router{k.shell, k.control, k.stdin} {
		if s != nil {
			all.Go(func() { errs[i] = s.Close() })
		}
	}
	if k.heartbeat != nil {
		all.Go(func() { errs[3] = k.heartbeat.Close() })
	}
	all.Wait()
	err := errors.Join(errs[:]...)
	if k.iopub != nil {
		k.out.close()
		err = errors.Join(err, k.iopub.Close())
	}
	return err
}
