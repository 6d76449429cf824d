package kernel

import (
	"fmt"
	"runtime"
	"strings"
	"unicode/utf8"

	"graft/kernel/wire"
	"graft/kernel/zmtp"
)

// kernelInfo answers kernel_info_request.
func (k *Kernel) kernelInfo(*request) any {
	goVersion := strings.TrimPrefix(runtime.Version(), "go")
	return wire.KernelInfo{
		Status:                "ok",
		ProtocolVersion:       wire.Version,
		Implementation:        "graft",
		ImplementationVersion: k.opt.Version,
		Language: wire.Language{
			Name: "go", Version: goVersion, MIME: "text/x-go", Extension: ".go",
			PygmentsLexer: "go", CodeMirrorMode: "go", Exporter: "script",
		},
		Banner: fmt.Sprintf("graft %s — a Go notebook for transfer learning (Go %s)", k.opt.Version, goVersion),
		HelpLinks: wire.List{
			wire.Link{Text: "A Tour of Go", URL: "https://go.dev/tour/"},
			wire.Link{Text: "Go's packages", URL: "https://pkg.go.dev/std"},
			wire.Link{Text: "Gonum plots", URL: "https://pkg.go.dev/gonum.org/v1/plot"},
		},
		Features: wire.Strings{"kernel subshells"},
	}
}

// connect answers connect_request, which old clients send.
func (k *Kernel) connect(*request) any {
	p := k.opt.Connection.Ports
	return wire.ConnectReply{Status: "ok", Shell: p[shell], IOPub: p[iopub], Stdin: p[stdin], HB: p[hb], Control: p[control]}
}

// welcome greets every subscription (JEP 65), so that a client knows from
// when on it misses nothing. The first subscriber also learns that the kernel
// is starting, if it is: said before anybody listens it would be lost, said
// after a request was answered it would be wrong.
func (k *Kernel) welcome(p *zmtp.Peer, topic []byte) {
	if !utf8.Valid(topic) {
		return
	}
	frames, _, err := k.codec.Encode(wire.Outgoing{Type: "iopub_welcome", Content: wire.Welcome{Subscription: string(topic)}})
	if err == nil {
		p.Send(append([][]byte{topic}, frames...))
	}
	k.welcomed.Do(func() {
		if !k.answered.Load() {
			k.publish(wire.Outgoing{Type: "status", Content: wire.Status{State: "starting"}})
		}
	})
}
