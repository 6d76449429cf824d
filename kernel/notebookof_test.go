package kernel

import "testing"

// The addresses are such as vscode.Uri.toString writes them.
func TestNotebookOf(t *testing.T) {
	for _, c := range []struct{ metadata, want string }{
		{``, ""},
		{`null`, ""},
		{`[1]`, ""},
		{`{"cellId": 7}`, ""},
		{`{"cellId": "2f1d6a0e-95c4"}`, ""},
		{`{"deletedCells": [], "cellId": "cell-04", "recordTiming": false}`, ""},
		{`{"cellId": "vscode-notebook-cell:/home/me/02-checkpoints.zh.ipynb#W0sZmlsZQ%3D%3D"}`, "/home/me/02-checkpoints.zh.ipynb"},
		{`{"cellId": "vscode-notebook-cell:/c%3A/Users/me/my%20notes/02-checkpoints.zh.ipynb#W2sZmlsZQ%3D%3D"}`, "c:/Users/me/my notes/02-checkpoints.zh.ipynb"},
		{`{"cellId": "vscode-notebook-cell://wsl%2Bubuntu/home/me/%E7%AC%94%E8%AE%B0.ipynb#X10"}`, "/home/me/笔记.ipynb"},
		{`{"cellId": "vscode-notebook-cell:Untitled-1.ipynb?jupyter-notebook#W0sdW50aXRsZWQ%3D"}`, "Untitled-1.ipynb"},
		{`{"cellId": "vscode-notebook-cell:/a%00b.ipynb#W0"}`, ""},
		{`{"cellId": "vscode-notebook-cell:/a%zz.ipynb#W0"}`, ""},
	} {
		if got := notebookOf([]byte(c.metadata)); got != c.want {
			t.Errorf("of %s it is %q, want %q", c.metadata, got, c.want)
		}
	}
}
