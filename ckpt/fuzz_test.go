package ckpt

import "testing"

func FuzzState(f *testing.F) {
	f.Add(`model_checkpoint_path: "model.ckpt-2"` + "\n" + `all_model_checkpoint_paths: 'mod\303\250le' "x"`)
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parseState(text)
		if err == nil && s.Latest == "" {
			t.Error("a state without a checkpoint")
		}
	})
}
