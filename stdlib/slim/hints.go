package slim

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// hints looks for the causes that fine-tuning most often fails of.
func hints(p *RestorePlan) []string {
	var out []string
	for _, look := range []func(*RestorePlan) string{headHint, argScopeHint, rootHint, slotHint} {
		if h := look(p); h != "" {
			out = append(out, h)
		}
	}
	return out
}

// headHint: shapes that differ only in their last axis are those of a last
// layer with another number of classes.
func headHint(p *RestorePlan) string {
	var scopes []string
	for _, e := range p.Problems() {
		if e.Action != ShapeMismatch {
			return ""
		}
		scope := headScope(e.Key)
		if !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	if len(scopes) == 0 {
		return ""
	}
	quoted := make([]string, len(scopes))
	for i, s := range scopes {
		quoted[i] = fmt.Sprintf("%q", s)
	}
	return "These look like the head, made for another number of classes: leave it out with slim.Exclude(" + strings.Join(quoted, ", ") + ") and train it anew."
}

// headScope is the outermost scope below the net's that the variable is in:
// InceptionV3/AuxLogits for InceptionV3/AuxLogits/Conv2d_2b_1x1/weights.
func headScope(name string) string {
	segments := strings.Split(name, "/")
	return strings.Join(segments[:min(2, max(1, len(segments)-1))], "/")
}

// argScopeHint: a net that was built without its arg scope has biases where
// the checkpoint has batch normalisation.
func argScopeHint(p *RestorePlan) string {
	biases := 0
	for _, e := range p.Entries {
		if (e.Action == Missing || e.Action == Initialise) && strings.HasSuffix(e.Key, "/biases") {
			biases++
		}
	}
	norms := 0
	for _, n := range p.Unused {
		if strings.Contains(n, "/BatchNorm/") {
			norms++
		}
	}
	if biases == 0 || norms == 0 {
		return ""
	}
	return fmt.Sprintf("The checkpoint has no value for %d biases, and its %d BatchNorm tensors are unused: the net was built without its arg scope. Build it with the arg scope rather than ignore what is missing.", biases, norms)
}

// rootHint: nothing fits, but everything would under another root scope.
func rootHint(p *RestorePlan) string {
	if p.Count(Restore) > 0 || p.Count(Missing) == 0 {
		return ""
	}
	roots := map[string]int{}
	for _, e := range p.Entries {
		_, rest, _ := strings.Cut(e.Key, "/")
		for _, n := range p.Unused {
			if root, other, ok := strings.Cut(n, "/"); ok && other == rest {
				roots[root]++
			}
		}
	}
	best := ""
	for r, n := range roots {
		if best == "" || n > roots[best] || n == roots[best] && r < best {
			best = r
		}
	}
	if best == "" {
		return fmt.Sprintf("None of the variables is in the checkpoint, whose names begin with %s: it is of another net.", strings.Join(firstRoots(p.Unused), ", "))
	}
	mine, _, _ := strings.Cut(p.Entries[0].Key, "/")
	return fmt.Sprintf("The checkpoint's names begin with %q where the graph's begin with %q; under that name %d variables would fit.", best, mine, roots[best])
}

func firstRoots(names []string) []string {
	var roots []string
	for _, n := range names {
		r, _, _ := strings.Cut(n, "/")
		if !slices.Contains(roots, r) {
			roots = append(roots, r)
		}
	}
	if len(roots) > 5 {
		roots = append(roots[:5], "…")
	}
	return roots
}

// slotHint: variables of optimizers are in no checkpoint of a trained model.
func slotHint(p *RestorePlan) string {
	slots := []string{"Adam", "Adam_1", "Momentum", "RMSProp", "RMSProp_1", "Adagrad", "beta1_power", "beta2_power"}
	for _, e := range p.Entries {
		if e.Action == Missing && slices.Contains(slots, path.Base(e.Key)) {
			return fmt.Sprintf("%s is an optimizer's own: choose the variables to restore before Minimize makes them, or restore only the model variables.", e.Key)
		}
	}
	return ""
}
