package slim_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"graft/stdlib/slim"
)

// meanings say by which words an error of ours means what TensorFlow's does:
// the pattern finds TensorFlow's message, and ours must hold the words, in
// which $1 is what the pattern found and | stands between two ways. Most are TensorFlow's own, so that they
// can be searched for.
var meanings = []struct{ theirs, ours string }{
	{`^Variable (\S+) already exists, disallowed`, "Variable $1 already exists, disallowed. Did you mean to set reuse="},
	{`^Variable (\S+) does not exist, or was not created with`, "Variable $1 does not exist, or was not created with"},
	{`^Trying to share variable (\S+), but specified shape`, "Trying to share variable $1, but specified shape"},
	{`^Trying to share variable (\S+), but specified dtype (\w+)`, "Trying to share variable $1, but specified dtype $2"},
	{`^Trying to reuse partitioned variable (\S+), but specified (\w+)`, "Trying to reuse partitioned variable $1, but specified $2"},
	{`^'(.*)' is not a valid root scope name`, "'$1' is not a valid root scope name. A root scope name has to match the following pattern:"},
	{`^Dimension (-\d+) must be >= 0`, "Dimension $1 must be >= 0"},
	{`^If initializer is a constant, do not specify shape`, "If initializer is a constant, do not specify shape"},
	{`^Initializer type .* and explicit dtype .* don't match`, "don't match"},
	{`^The initializer passed is not valid`, "`shape` should be fully defined"},
	{`^Unknown attribute '(\w+)' is encountered while parsing the device spec`, "Unknown attribute '$1' is encountered while parsing the device spec"},
	{`^Partitioner returned zero partitions for some axes: (.*)`, "Partitioner returned zero partitions for some axes"},
	{`^list index out of range`, "Cannot partition variable along axis"},
	{`^Setting a scale less than 0 on a regularizer: (-?[\d.]*\d)`, "Setting a scale less than 0 on a regularizer: $1"},
	{`^No weights to regularize`, "No weights to regularize"},
	{`^regularizer must return a scalar Tensor instead of a Tensor with rank (\d)`, "regularizer must return a scalar Tensor instead of a Tensor with rank $1"},
	{`^Inputs must be an iterable of at least one`, "no losses to add up"},
	{`^"global_step" already exists`, `"global_step" already exists`},
	{`^Existing "global_step" does not have integer type`, `Existing "global_step" does not have integer type`},
	{`^Existing "global_step" is not scalar`, `Existing "global_step" is not scalar`},
	{`^Couldn't find variable (\S+)`, "Couldn't find variable $1"},
	{`^Variable (.*) does not uniquely identify a variable`, "Variable $1 does not uniquely identify a variable"},
	{`^Variable (.*) wasn't found`, "Variable $1 wasn't found"},
	{`^Variable (.*) doesn't uniquely identify a variable`, "Variable $1 doesn't uniquely identify a variable"},
	// Of a part of a variable it is that the whole has another shape.
	{`^cannot reshape array of size (\d+) into shape`, "cannot reshape array of size $1 into shape|Total size of new array must be unchanged"},
	{`^Checkpoint is missing variable \[(\S+)\]`, "Checkpoint is missing variable [$1]"},
	{`^Total size of new array must be unchanged for (\S+) lh_shape`, "Total size of new array must be unchanged for $1 lh_shape"},
	{`^At least two variables have the same name: (\S+)`, "At least two variables have the same name: $1"},
	{`^No variables to save`, "No variables to save"},
	{`^var_list cannot be empty`, "var_list cannot be empty"},
	{`^Slices must all be slices`, "Slices must all be slices"},
	{`Failed to find any matching files for|The passed save_path is not a valid checkpoint`, "there is no checkpoint at"},
	{`different file format`, "checkpoint"},
	{`^Key (\S+) not found in checkpoint`, "$1"},
	{`^(\S+) not found in checkpoint file`, "$1"},
	{`^No variables to optimize`, "No variables to optimize"},
	{`^No gradients provided for any variable`, "No gradients provided for any variable"},
	{`^$`, "VariablesToTrain"}, // a bare AssertionError of create_train_op
	{`^Tensor (\S+) is not found in`, "Tensor $1"},
	{`^Tensor (\S+) \(.* in (\S+)\) is not found in`, "in $2) is not found in"}, // any one of the scope
	{`^Assignment map with scope only name (\S*) should map to scope only`, "Assignment map with scope only name"},
	{`^Shape of variable (\S+):0 .* doesn't match with shape of tensor (\S+) `, "Shape of variable $1 "},
	{`^Shapes \((\d), (\d)\) and \((\d), (\d)\) are incompatible`, "Shapes [$1,$2] and [$3,$4] are incompatible"},
	{`^weights can not be broadcast to values. Mismatch at dim (\d)`, "weights can not be broadcast to values. Mismatch at dim $1"},
	{"^`labels.shape.rank` must equal", "`labels.shape.rank` must equal `logits.shape.rank - 1`"},
	{"^`strides > 1` not supported in conjunction with `dilation_rate > 1`", "`strides > 1` not supported in conjunction with `dilation_rate > 1`"},
	{"^The `padding` argument must be", "The `padding` argument must be"},
	{"^Invalid data_format: '(\\w+)'", "Invalid data_format: '$1'"},
	{`^Negative dimension size caused by subtracting`, "Conv_3/Conv2D"},
	{`^reuse=True cannot be used without a name_or_scope`, "reuse=True cannot be used without a name_or_scope"},
	{`^(\d) channels is not commensurate with (\d) groups`, "$1 channels is not commensurate with $2 groups"},
	{`'%s is not decorated with @add_arg_scope'`, "is not decorated with @add_arg_scope"},
}

// restores are what a restore's error must be about: the tensor, by name, among
// the plan's problems, of which TensorFlow names any one.
var restores = []struct {
	theirs string
	action slim.Action
}{
	{`Original error:\n\nKey (\S+) not found in checkpoint`, slim.Missing},
	{`Original error:\n\nTensor name "(\S+)" not found in checkpoint files`, slim.Missing},
	{`Original error:\n\nAssign requires shapes of both tensors to match. lhs shape= (\S+) rhs shape= (\S+)`, slim.ShapeMismatch},
	{`Original error:\n\nInput to reshape is a tensor with`, slim.ShapeMismatch},
	{`Original error:\n\ntensor_name = (\S+); expected dtype`, slim.DTypeMismatch},
	{`Original error:\n\nExpected to restore a tensor of type \w+, got a tensor of type \w+ instead: tensor_name = (\S+)`, slim.DTypeMismatch},
	{`Original error:\n\ntensor_name = (\S+); shape in shape_and_slice spec`, slim.ShapeMismatch},
	{`Original error:\n\nShape in shape_and_slice spec does not match the shape in the save file`, slim.ShapeMismatch},
}

// sameMeaning says how an error of ours fails to mean what TensorFlow's does.
func sameMeaning(class, theirs string, ours error) string {
	if class == "error" { // of Python's re
		if !strings.Contains(ours.Error(), "pattern") {
			return fmt.Sprintf("%v: it does not speak of a pattern; Python says %s", ours, theirs)
		}
		return ""
	}
	for _, m := range restores {
		found := regexp.MustCompile(m.theirs).FindStringSubmatch(theirs)
		if found == nil {
			continue
		}
		var p *slim.PlanError
		if !errors.As(ours, &p) {
			return fmt.Sprintf("%v: it is no *slim.PlanError; TensorFlow says %s", ours, theirs)
		}
		for _, e := range p.Problems {
			if e.Action == m.action && (len(found) == 1 || m.action == slim.ShapeMismatch || e.Key == found[1]) {
				return ""
			}
		}
		return fmt.Sprintf("%v: no %s of it; TensorFlow says %s", ours, m.action, theirs)
	}
	for _, m := range meanings {
		re := regexp.MustCompile(m.theirs)
		at := re.FindStringSubmatchIndex(theirs)
		if at == nil {
			continue
		}
		words := string(re.ExpandString(nil, strings.ReplaceAll(m.ours, "$1", "${1}"), theirs, at))
		for either := range strings.SplitSeq(words, "|") {
			if strings.Contains(ours.Error(), either) {
				return ""
			}
		}
		return fmt.Sprintf("%q lacks %q", ours, words)
	}
	return fmt.Sprintf("no meaning is noted for %s: %s; ours is %v", class, theirs, ours)
}
