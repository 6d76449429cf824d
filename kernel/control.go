package kernel

import (
	"encoding/json"

	"graft/kernel/wire"
)

// interruptRequest answers at once; the cell ends when it can. Without a
// running cell there is nothing to do.
func (k *Kernel) interruptRequest(*request) any {
	k.Interrupt()
	return wire.Ok{Status: "ok"}
}

// shutdownRequest replies, tells every front end, and ends the kernel. What
// starts it again when restart is set is the front end.
func (k *Kernel) shutdownRequest(r *request) any {
	var c wire.Shutdown
	if bad := r.content(&c); bad != nil {
		return bad
	}
	reply := wire.Shutdown{Status: "ok", Restart: c.Restart}
	r.publish("shutdown_reply", reply)
	r.after = k.Shutdown
	return reply
}

// debug answers the Debug Adapter Protocol's requests. There is no debugger:
// kernel_info says so, and so does the state that debugInfo asks for.
func (k *Kernel) debug(r *request) any {
	var c struct {
		Seq     int    `json:"seq"`
		Command string `json:"command"`
	}
	_ = json.Unmarshal(r.Content, &c) // DAP has its own way to say no
	reply := wire.Object{"type": "response", "request_seq": c.Seq, "seq": c.Seq, "command": c.Command, "success": false}
	if c.Command != "debugInfo" {
		reply["message"] = "graft has no debugger"
		return reply
	}
	reply["success"] = true
	reply["body"] = wire.Object{
		"isStarted": false, "hashMethod": "Murmur2", "hashSeed": 0, "tmpFilePrefix": "", "tmpFileSuffix": ".go",
		"breakpoints": wire.List{}, "stoppedThreads": wire.List{}, "exceptionPaths": wire.List{},
		"richRendering": false, "copyToGlobals": false,
	}
	return reply
}
