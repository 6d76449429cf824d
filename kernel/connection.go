package kernel

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Connection is the content of a connection file, in which the front end says
// where the kernel is to listen and with which key messages are signed.
type Connection struct {
	Transport string `json:"transport"` // "tcp" or "ipc"
	IP        string `json:"ip"`        // to bind; the start of the sockets' paths for ipc
	Key       string `json:"key"`
	Scheme    string `json:"signature_scheme"`
	Ports     map[string]int

	path   string
	fields map[string]json.RawMessage
}

// The five sockets, as they are called in a connection file before "_port".
const (
	shell   = "shell"
	control = "control"
	stdin   = "stdin"
	iopub   = "iopub"
	hb      = "hb"
)

func channels() []string { return []string{shell, control, stdin, iopub, hb} }

// ReadConnection reads the connection file at path.
func ReadConnection(path string) (*Connection, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("kernel: connection file: %w", err)
	}
	c := &Connection{Ports: map[string]int{}, path: path}
	if err := json.Unmarshal(text, c); err != nil {
		return nil, fmt.Errorf("kernel: connection file %s: %w", path, err)
	}
	if err := json.Unmarshal(text, &c.fields); err != nil {
		return nil, fmt.Errorf("kernel: connection file %s: %w", path, err)
	}
	for _, name := range channels() {
		port := 0
		if raw, ok := c.fields[name+"_port"]; !ok {
			return nil, fmt.Errorf("kernel: connection file %s: it has no %s_port", path, name)
		} else if err := json.Unmarshal(raw, &port); err != nil || port < 0 || port > 65535 {
			return nil, fmt.Errorf("kernel: connection file %s: %s_port is %s, want a port number", path, name, raw)
		}
		c.Ports[name] = port
	}
	if c.Transport != "" && c.Transport != "tcp" && c.Transport != "ipc" {
		return nil, fmt.Errorf("kernel: connection file %s: transport is %q, want tcp or ipc", path, c.Transport)
	}
	return c, nil
}

// bindLimit is how long an address may be in use by another: clients look for
// free ports before the kernel binds them, and a kernel that is restarted
// gets those of the one that is just ending.
const bindLimit = 3 * time.Second

// listen binds one of the five sockets.
func (c *Connection) listen(name string) (net.Listener, error) {
	network, address := "tcp", net.JoinHostPort(c.host(), strconv.Itoa(c.Ports[name]))
	if c.Transport == "ipc" {
		network, address = "unix", fmt.Sprintf("%s-%d", c.IP, c.Ports[name])
	}
	for end := time.Now().Add(bindLimit); ; time.Sleep(20 * time.Millisecond) {
		l, err := net.Listen(network, address)
		if err == nil {
			if tcp, ok := l.Addr().(*net.TCPAddr); ok {
				c.Ports[name] = tcp.Port
			}
			return l, nil
		}
		if !inUse(err) || time.Now().After(end) {
			return nil, fmt.Errorf("kernel: %s socket: %w", name, err)
		}
	}
}

// inUse knows WSAEADDRINUSE (10048) too, which is not syscall.EADDRINUSE.
func inUse(err error) bool {
	var errno syscall.Errno
	return errors.As(err, &errno) && (errno == syscall.EADDRINUSE || errno == 10048)
}

// host is the address to bind. ZeroMQ's wildcard is *, and brackets around an
// IPv6 address are optional.
func (c *Connection) host() string {
	host := strings.Trim(c.IP, "[]")
	if host == "*" {
		return ""
	}
	if host == "" {
		return "127.0.0.1"
	}
	return host
}

// writeBack tells the front end the ports that it left to us by giving 0.
func (c *Connection) writeBack() error {
	changed := false
	for _, name := range channels() {
		port, err := json.Marshal(c.Ports[name])
		if err != nil {
			return err
		}
		changed = changed || string(c.fields[name+"_port"]) != string(port)
		c.fields[name+"_port"] = port
	}
	if !changed {
		return nil
	}
	text, err := json.MarshalIndent(c.fields, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Clean(c.path), text, 0o600); err != nil {
		return fmt.Errorf("kernel: connection file: the ports it left open could not be written back: %w", err)
	}
	return nil
}
