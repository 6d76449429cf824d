package slim

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// hints looks for the causes that fine-tuning most often fails of. Each says
// what it saw, with the figures, and what to write.
func hints(p *RestorePlan) []string {
	var out []string
	for _, look := range []func(*RestorePlan) string{headHint, argScopeHint, rootHint, sizeHint, slotHint, averageHint, statisticsHint, reshapeHint, castHint, objectHint} {
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
	here, there := 0, 0
	for _, e := range p.Entries {
		if e.Action != ShapeMismatch {
			continue
		}
		n, want := len(e.FoundShape), e.wanted()
		if n == 0 || !strings.Contains(e.Variable.Name(), "/") || n != len(want) || !slices.Equal(e.FoundShape[:n-1], want[:n-1]) || e.FoundShape[n-1] == want[n-1] {
			return ""
		}
		here, there = want[n-1], e.FoundShape[n-1]
		if scope := headScope(e.Variable.Name()); !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	if len(scopes) == 0 {
		return ""
	}
	offset := ""
	if there-here == 1 || here-there == 1 {
		offset = " (1001 classes against 1000 is a class 0 for the background, which VGG and ResNet V1 have not: labels are shifted by one.)"
	}
	return fmt.Sprintf("These look like the head, made for another number of classes: %d in the checkpoint, %d here: leave it out with slim.Exclude(%s) and train it anew.%s", there, here, quoted(scopes), offset)
}

func quoted(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = fmt.Sprintf("%q", s)
	}
	return strings.Join(out, ", ")
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

// swap is a beginning of names here and what would stand there for it.
type swap struct{ here, there string }

// rootHint: nothing fits, but would under another root scope, or without one.
func rootHint(p *RestorePlan) string {
	if p.Count(Restore)+p.Count(SliceJoin) > 0 || p.Count(Missing) == 0 {
		return ""
	}
	cuts := func(name string) map[string]string { // rest by beginning
		out := map[string]string{"": name}
		if root, rest, ok := strings.Cut(name, "/"); ok {
			out[root+"/"] = rest
		}
		return out
	}
	unused := map[string][]string{}
	for _, n := range p.Unused {
		for begin, rest := range cuts(n) {
			unused[rest] = append(unused[rest], begin)
		}
	}
	fits := map[swap]int{}
	for _, e := range p.Entries {
		for begin, rest := range cuts(e.Key) {
			for _, other := range unused[rest] {
				fits[swap{begin, other}]++
			}
		}
	}
	var best swap
	for s, n := range fits {
		if n > fits[best] || n == fits[best] && (s.here+" "+s.there) < (best.here+" "+best.there) {
			best = s
		}
	}
	if fits[best] == 0 {
		return fmt.Sprintf("None of the variables is in the checkpoint, whose names begin with %s: it is of another net.", strings.Join(firstRoots(p.Unused), ", "))
	}
	return fmt.Sprintf("The checkpoint's names begin with %q where the graph's begin with %q; under that name %d variables would fit: Selection.Rename(%q, %q).",
		strings.TrimSuffix(best.there, "/"), strings.TrimSuffix(best.here, "/"), fits[best], best.here, best.there)
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

// kernelSize is the end of a scope that is named after its kernel.
var kernelSize = regexp.MustCompile(`_\d+x\d+(/|$)`)

// sizeHint: the heads of Inception nets name their scopes after kernels that
// shrink with the image.
func sizeHint(p *RestorePlan) string {
	unused := map[string]string{}
	for _, n := range p.Unused {
		unused[kernelSize.ReplaceAllString(n, "_#$1")] = n
	}
	for _, e := range p.Entries {
		if e.Action != Missing {
			continue
		}
		if other := unused[kernelSize.ReplaceAllString(e.Key, "_#$1")]; other != "" {
			return fmt.Sprintf("%s is missing, and %s is unused: the net was built for images of another size, by which these scopes are named.", e.Key, other)
		}
	}
	return ""
}

// slotNames are what optimizers put behind a variable's name.
var slotNames = []string{"Adam", "Adam_1", "Momentum", "RMSProp", "RMSProp_1", "RMSProp_2", "Adagrad", "Adadelta", "Adadelta_1", "Ftrl", "Ftrl_1", "beta1_power", "beta2_power"}

// slotHint: variables of optimizers are in no checkpoint of a published model.
func slotHint(p *RestorePlan) string {
	n, one := 0, ""
	for _, e := range p.Entries {
		if e.Action == Missing && (isSlot(e.Variable) || slices.Contains(slotNames, path.Base(e.Key))) {
			n, one = n+1, e.Key
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d of the missing variables are an optimizer's own, such as %s: choose the variables to restore before Minimize makes them, or restore only the model variables (slim.VariablesToRestore does).", n, one)
}

// averageHint: a checkpoint that holds moving averages is meant to be restored
// through them.
func averageHint(p *RestorePlan) string {
	unused := map[string]bool{}
	for _, n := range p.Unused {
		unused[n] = true
	}
	n := 0
	for _, e := range p.Entries {
		if unused[e.Key+averageName] {
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("The checkpoint has moving averages of %d variables (…%s), with which MobileNet V2 and the NASNets are evaluated: RestoreOptions{MovingAverages: true} takes them.", n, averageName)
}

// statisticsHint: a file that was saved with Saver(trainable_variables()) lacks
// the moving statistics.
func statisticsHint(p *RestorePlan) string {
	missing, beta := 0, false
	for _, e := range p.Entries {
		statistic := strings.HasSuffix(e.Key, "/moving_mean") || strings.HasSuffix(e.Key, "/moving_variance")
		if e.Action == Missing && statistic {
			missing++
		}
		beta = beta || e.Action.reads() && strings.HasSuffix(e.Key, "/BatchNorm/beta")
	}
	if missing == 0 || !beta {
		return ""
	}
	return fmt.Sprintf("The checkpoint lacks %d moving statistics of batch normalisation whose beta it has: it was saved from the trainable variables only, and cannot be evaluated.", missing)
}

func reshapeHint(p *RestorePlan) string {
	n := 0
	for _, e := range p.Entries {
		if e.Action == ShapeMismatch && e.Variable.Slice() == nil && size(e.FoundShape) == e.Variable.Size() {
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d variables differ in shape only, with as many values: RestoreOptions{ReshapeVariables: true} takes them in row-major order.", n)
}

func size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

func castHint(p *RestorePlan) string {
	if n := p.Count(DTypeMismatch); n > 0 {
		return fmt.Sprintf("%d variables have another element type there: RestoreOptions{CastVariables: true} converts them.", n)
	}
	return ""
}

// objectHint: checkpoints of tf.train.Checkpoint and Keras name tensors by
// where they hang in an object.
func objectHint(p *RestorePlan) string {
	for _, n := range p.Unused {
		if strings.Contains(n, "/.ATTRIBUTES/VARIABLE_VALUE") && p.Count(Missing) > 0 {
			return "The checkpoint is object-based (tf.train.Checkpoint, Keras): its tensors are named by their place in an object, such as " + n + ". slim.SelectAs gives variables by those names."
		}
	}
	return ""
}
