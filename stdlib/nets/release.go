package nets

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"graft/ckpt/fetch"
)

// release is what the name of one of TF-Slim's checkpoints says.
type release struct {
	net        string
	multiplier float64 // 0: the net's
	size       int     // 0: the net's
}

// releaseNames are those of the MobileNets' checkpoints: mobilenet_v1_0.25_128
// is MobileNet V1 with a quarter of the channels, for images of 128×128.
var releaseNames = regexp.MustCompile(`^(mobilenet_[a-z0-9_]+?)_([0-9]\.[0-9]+)_([0-9]+)$`)

// released reads a net's name, a checkpoint's, or that of its archive, such as
// vgg_16_2016_08_28. The published resnets V2 are for images of 299×299,
// whatever nets_factory says (TF-Slim's README).
func released(name string) release {
	if r, err := fetch.Find(name); err == nil && !slices.Contains(Names(), name) {
		name = r.Name
	}
	if strings.HasPrefix(name, "resnet_v2_") {
		return release{net: name, size: 299} // as the published ones were evaluated
	}
	m := releaseNames.FindStringSubmatch(strings.TrimSuffix(name, ".ckpt"))
	if m == nil {
		return release{net: name}
	}
	r := release{net: m[1]}
	r.multiplier, _ = strconv.ParseFloat(m[2], 64) // digits and a point
	r.size, _ = strconv.Atoi(m[3])
	if r.multiplier == 1 {
		r.multiplier = 0
	}
	return r
}
