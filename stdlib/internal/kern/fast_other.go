//go:build !amd64 || purego

package kern

func fast3[T Number](int, []T, []T, []T) int { return 0 }

func fast2[T Number](int, []T, []T) int { return 0 }

func fastAffine[T Float](_, _ []T, _, _ T) int { return 0 }

func fastAxpy[T Float](_, _ []T, _ T) int { return 0 }

func fastDot[T Float](_, _ []T) (float64, int) { return 0, 0 }

func fastNormalize[T Float](_, _, _, _ []T) int { return 0 }

func fastCombine[T Float](_, _, _, _, _, _ []T) int { return 0 }

func fastColumns[T Float](int, []float64, []float64, []T, []T, []T, int) int { return 0 }

func fastMomentum[T Float](_, _, _ []T, _, _ T) int { return 0 }

func fastAdam[T Float](_, _, _, _ []T, _, _, _, _ T) int { return 0 }

func fastRMSProp[T Float](_, _, _, _ []T, _, _, _, _ T) int { return 0 }

func fastPeak(int) int { return 0 }

func fastTranspose[T Float](_ []T, _ int, _ []T, _ int) bool { return false }

func fastFirstEqual[T Float](_, _, _, _ []T, _ []int) int { return 0 }

func fastShift(_, _ []int, _ int) int { return 0 }

func fastTileIn[T Float](_ Winograd, _ []T, _ int, _ []T, _, _, _ int) int { return 0 }

func fastTileFilter[T Float](_ Winograd, _ []T, _ int, _ []T, _, _ int) int { return 0 }

func fastTileOut[T Float](_ Winograd, _ []T, _, _ int, _ []T, _, _ int, _ End[T]) int { return 0 }
