package data

import (
	"io"
	"os"
	"testing"

	"graft/stdlib/preprocessing"
)

func BenchmarkFolder(b *testing.B) {
	dir := "../../../shared/assets/flowers/train"
	if _, err := os.Stat(dir); err != nil {
		b.Skip("no photos")
	}
	s, err := Folder(dir)
	if err != nil {
		b.Fatal(err)
	}
	p, err := preprocessing.Get("inception", preprocessing.Options{Height: 160, Width: 160})
	if err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	for b.Loop() {
		e, err := s.With(p).Epoch(EpochOptions{BatchSize: 32})
		if err != nil {
			b.Fatal(err)
		}
		for {
			if _, err := e.Next(); err == io.EOF {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*s.Len()), "µs/picture")
}
