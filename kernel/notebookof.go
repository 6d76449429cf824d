package kernel

import (
	"encoding/json"
	"net/url"
	"strings"
)

// notebookOf is the path of the notebook that a request's cell stands in, by
// the request's metadata, and "" where they do not say. VS Code sends each
// cell's address (vscode-jupyter, cellExecution.ts), which is
//
//	vscode-notebook-cell:/home/me/02-checkpoints.zh.ipynb#W0sZmlsZQ%3D%3D
//
// Other front ends' cellId is the cell's id in the notebook: Jupyter's server
// has told the path in the environment.
func notebookOf(metadata json.RawMessage) string {
	var m struct {
		CellID string `json:"cellId"`
	}
	if json.Unmarshal(metadata, &m) != nil {
		return "" // metadata are the front end's own, of any form
	}
	address, ok := strings.CutPrefix(m.CellID, "vscode-notebook-cell:")
	if !ok {
		return ""
	}
	// Not by url.Parse, which refuses the host of a remote one, wsl%2Bubuntu.
	if remote, ok := strings.CutPrefix(address, "//"); ok {
		_, address, _ = strings.Cut(remote, "/")
		address = "/" + address
	}
	address, _, _ = strings.Cut(address, "#")
	address, _, _ = strings.Cut(address, "?") // of Untitled-1.ipynb, which is in no folder
	path, err := url.PathUnescape(address)
	if err != nil {
		return ""
	}
	if len(path) > 2 && path[0] == '/' && path[2] == ':' { // /c:/Users
		path = path[1:]
	}
	if strings.ContainsRune(path, 0) { // no environment holds it
		return ""
	}
	return path
}
