package slim

import (
	"fmt"
	"strings"
)

// BatchNormMode says what a batch normalisation in training mode does with
// statistics.
type BatchNormMode string

// The modes of batch normalisation.
const (
	// BatchNormTrain normalises by each batch's statistics, and moves the
	// stored ones in the steps that train the layer. It is the default.
	BatchNormTrain BatchNormMode = "train"
	// BatchNormFrozen normalises by the stored statistics, which stay as they
	// are, whatever IsTraining says: right for layers that are not trained,
	// and for small batches.
	BatchNormFrozen BatchNormMode = "frozen"
	// BatchNormStatisticsOnly normalises by each batch's statistics and moves
	// the stored ones in every training step, whether the layer is trained or
	// not: it fits frozen layers to pictures of another kind.
	BatchNormStatisticsOnly BatchNormMode = "statistics only"
)

// batchNormMode is the mode of a layer: that of the longest scope that holds
// it.
func batchNormMode(modes map[string]BatchNormMode, layer string) BatchNormMode {
	mode, longest := BatchNormTrain, -1
	for scope, m := range modes {
		scope = strings.TrimSuffix(scope, "/")
		within := scope == "" || layer == scope || strings.HasPrefix(layer, scope+"/")
		if within && len(scope) > longest {
			mode, longest = m, len(scope)
		}
	}
	return mode
}

func checkModes(modes map[string]BatchNormMode) error {
	for scope, m := range modes {
		if m != BatchNormTrain && m != BatchNormFrozen && m != BatchNormStatisticsOnly {
			return fmt.Errorf("slim: the batch normalisation of %q is to be %q; %q, %q and %q there are", scope, m, BatchNormTrain, BatchNormFrozen, BatchNormStatisticsOnly)
		}
	}
	return nil
}
