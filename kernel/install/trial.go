package install

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-zeromq/zmq4"

	"graft/kernel/wire"
)

// trialLimit bounds a trial, on a slow machine too.
const trialLimit = 30 * time.Second

// tryKernel starts a kernel as Jupyter does, and runs a cell.
func tryKernel(ctx context.Context, s Spec) (err error) {
	ctx, cancel := context.WithTimeout(ctx, trialLimit)
	defer cancel()
	dir, err := os.MkdirTemp("", "graft-doctor-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "connection.json")
	// With port 0 the kernel chooses, and writes back what.
	const ports = `"shell_port": 0, "iopub_port": 0, "stdin_port": 0, "control_port": 0, "hb_port": 0`
	if err := os.WriteFile(path, []byte(`{"ip": "127.0.0.1", "transport": "tcp", "key": "doctor", `+ports+`}`), 0o600); err != nil {
		return err
	}
	args := make([]string, len(s.Argv))
	for i, a := range s.Argv {
		args[i] = strings.ReplaceAll(a, "{connection_file}", path)
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "XDG_DATA_HOME="+dir) // no trace in the user's history
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait(); cancel() }()
	defer func() {
		_ = cmd.Process.Kill()
		<-ended
		if words := strings.TrimSpace(said.String()); err != nil && words != "" {
			err = fmt.Errorf("%w; it says: %s", err, words)
		}
	}()
	return converse(ctx, path)
}

// converse asks for kernel_info and runs 1 + 1.
func converse(ctx context.Context, path string) error {
	shell, err := shellPort(ctx, path)
	if err != nil {
		return err
	}
	codec, err := wire.NewCodec("", []byte("doctor"))
	if err != nil {
		return err
	}
	socket := zmq4.NewDealer(ctx)
	defer socket.Close()
	if err := socket.Dial(fmt.Sprintf("tcp://127.0.0.1:%d", shell)); err != nil {
		return err
	}
	for _, o := range []wire.Outgoing{
		{Type: "kernel_info_request", Content: wire.Object{}},
		{Type: "execute_request", Content: wire.Object{"code": "1 + 1", "user_expressions": wire.Object{"two": "1 + 1"}}},
	} {
		frames, _, err := codec.Encode(o)
		if err != nil {
			return err
		}
		if err := socket.SendMulti(zmq4.NewMsgFrom(frames...)); err != nil {
			return err
		}
		if err := ok(ctx, socket, codec, o.Type); err != nil {
			return err
		}
	}
	return nil
}

// shellPort waits until the kernel has bound its ports.
func shellPort(ctx context.Context, path string) (int, error) {
	for {
		var c struct {
			Shell int `json:"shell_port"`
		}
		text, err := os.ReadFile(path)
		if err == nil && json.Unmarshal(text, &c) == nil && c.Shell != 0 {
			return c.Shell, nil
		}
		select {
		case <-ctx.Done():
			return 0, errors.New("it did not open its ports")
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// ok waits for a reply and looks at its status.
func ok(ctx context.Context, socket zmq4.Socket, codec *wire.Codec, request string) error {
	received := make(chan error, 1)
	go func() {
		m, err := socket.Recv()
		if err != nil {
			received <- err
			return
		}
		reply, err := codec.Decode(m.Frames)
		if err != nil {
			received <- err
			return
		}
		var c struct {
			Status string `json:"status"`
			Value  string `json:"evalue"`
		}
		if err = json.Unmarshal(reply.Content, &c); err == nil && c.Status != "ok" {
			err = fmt.Errorf("%s is answered with %q: %s", request, c.Status, c.Value)
		}
		received <- err
	}()
	select {
	case err := <-received:
		return err
	case <-ctx.Done():
		return fmt.Errorf("%s is not answered", request)
	}
}
