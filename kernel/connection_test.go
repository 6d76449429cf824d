package kernel

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// file is a connection file as jupyter_client 8 writes it.
func file(ports string) string {
	return `{` + ports + `, "key": "a0436f6c-1916-498b-8eb9-e81ab9368e84", "ip": "127.0.0.1",
	 "transport": "tcp", "signature_scheme": "hmac-sha256", "kernel_name": "graft", "jupyter_session": "/x.ipynb"}`
}

const zeroPorts = `"shell_port": 0, "iopub_port": 0, "stdin_port": 0, "control_port": 0, "hb_port": 0`

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kernel.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadConnection(t *testing.T) {
	c, err := ReadConnection(write(t, file(strings.ReplaceAll(zeroPorts, ": 0", ": 5123"))))
	if err != nil || c.Ports[shell] != 5123 || c.Ports[hb] != 5123 || c.IP != "127.0.0.1" || !strings.HasPrefix(c.Key, "a0436f6c") {
		t.Errorf("got %+v, %v", c, err)
	}
	for text, want := range map[string]string{
		"":                                   "unexpected end",
		"[]":                                 "cannot unmarshal",
		file(`"shell_port": 1`):              "no control_port",
		file(zeroPorts + `, "hb_port": "x"`): `hb_port is "x"`,
		file(zeroPorts + `, "hb_port": 1e9`): "hb_port is 1e9",
		strings.Replace(file(zeroPorts), `"tcp"`, `"pgm"`, 1): `transport is "pgm"`,
	} {
		if _, err := ReadConnection(write(t, text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
	if _, err := ReadConnection(filepath.Join(t.TempDir(), "nosuch")); err == nil || !strings.Contains(err.Error(), "connection file") {
		t.Errorf("got %v", err)
	}
}

// Ports that are 0 are chosen and written back; other fields stay.
func TestPortsAreWrittenBack(t *testing.T) {
	path := write(t, file(zeroPorts))
	c, err := ReadConnection(path)
	if err != nil {
		t.Fatal(err)
	}
	k, err := New(Options{Connection: c, Engine: &script{}})
	if err != nil {
		t.Fatal(err)
	}
	k.Shutdown()
	defer func() { _ = k.closeSockets() }()
	text, _ := os.ReadFile(path)
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		t.Fatal(err)
	}
	if fields["shell_port"] != float64(c.Ports[shell]) || c.Ports[shell] == 0 || fields["jupyter_session"] != "/x.ipynb" {
		t.Errorf("got %s", text)
	}
}

// The ip of the file is honoured, whatever it is.
func TestListen(t *testing.T) {
	for ip, dial := range map[string]string{"127.0.0.1": "127.0.0.1", "": "127.0.0.1", "0.0.0.0": "127.0.0.1", "*": "127.0.0.1", "localhost": "localhost", "::1": "::1", "[::1]": "::1", "127.0.0.7": "127.0.0.7"} {
		c := connection(t, "")
		c.IP = ip
		l, err := c.listen(shell)
		if err != nil {
			if strings.Contains(ip, "::1") {
				t.Logf("%s: this machine has no IPv6: %v", ip, err)
				continue
			}
			if ip == "127.0.0.7" && runtime.GOOS != "linux" {
				continue // only Linux has all of 127/8
			}
			t.Fatalf("%q: %v", ip, err)
		}
		conn, err := net.Dial("tcp", net.JoinHostPort(dial, fmt.Sprint(c.Ports[shell])))
		if err != nil {
			t.Errorf("bound to %q, not reached at %s: %v", ip, dial, err)
		} else {
			conn.Close()
		}
		if ip == "127.0.0.7" {
			if host, _, _ := net.SplitHostPort(l.Addr().String()); host != ip { // whoever answers elsewhere is not us
				t.Errorf("bound to %s, %s is wanted", host, ip)
			}
		}
		l.Close()
	}
}

func TestIPC(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("ZeroMQ has no ipc on Windows")
	}
	c := connection(t, "")
	c.Transport, c.IP = "ipc", filepath.Join(t.TempDir(), "kernel")
	for i, name := range channels() {
		c.Ports[name] = i + 1
	}
	l, err := c.listen(shell)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := net.Dial("unix", fmt.Sprintf("%s-%d", c.IP, c.Ports[shell]))
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
}
