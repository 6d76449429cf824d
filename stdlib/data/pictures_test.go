package data

import (
	"context"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"graft/stdlib/host"
	"graft/stdlib/preprocessing"
)

func ok[T any](t testing.TB) func(v T, err error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// folder makes two classes of pictures of one colour each, whose red is their
// number.
func folder(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for i := range 10 {
		class := []string{"blue", "green"}[i%2]
		if err := os.MkdirAll(filepath.Join(dir, class, "more"), 0o755); err != nil {
			t.Fatal(err)
		}
		img := image.NewNRGBA(image.Rect(0, 0, 24+i, 16))
		for k := range img.Pix {
			img.Pix[k] = byte(20 * i)
			if k%4 == 3 {
				img.Pix[k] = 255
			}
		}
		name, encode := filepath.Join(dir, class, "more", string(rune('a'+i))+".png"), png.Encode
		if i > 5 {
			name, encode = filepath.Join(dir, class, string(rune('a'+i))+".JPG"), func(w io.Writer, m image.Image) error {
				return jpeg.Encode(w, m, &jpeg.Options{Quality: 100})
			}
		}
		f := ok[*os.File](t)(os.Create(name))
		if err := encode(f, img); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func eval(t testing.TB, o preprocessing.Options) *preprocessing.Preprocessing {
	t.Helper()
	o.Height, o.Width = 8, 8
	return ok[*preprocessing.Preprocessing](t)(preprocessing.Get("inception", o))
}

// epochOf goes through an epoch: the first red of each picture, and the labels.
func epochOf(t testing.TB, s Source, o EpochOptions) (reds []float32, labels []int64, places []int) {
	t.Helper()
	e := ok[Epoch](t)(s.Epoch(o))
	defer e.Close()
	for {
		b, err := e.Next()
		if err == io.EOF {
			return reds, labels, places
		}
		if err != nil {
			t.Fatal(err)
		}
		n := len(b.Images.Data().([]float32)) / len(b.Places)
		for i := range b.Places {
			reds = append(reds, b.Images.Data().([]float32)[i*n])
		}
		labels = append(labels, b.Labels.Data().([]int64)...)
		places = append(places, b.Places...)
	}
}

func TestFolder(t *testing.T) {
	dir := folder(t)
	if err := os.WriteFile(filepath.Join(dir, "blue", "notes.txt"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	s := ok[*Pictures](t)(Folder(dir))
	if got := s.String(); !strings.HasPrefix(got, "10 pictures of 2 classes: 5 blue, 5 green; one file that is no picture, ") {
		t.Error(got)
	}
	s = s.With(eval(t, preprocessing.Options{}))
	reds, labels, places := epochOf(t, s, EpochOptions{BatchSize: 3})
	for i, r := range reds {
		number := int(filepath.Base(s.Names()[places[i]])[0] - 'a')
		if want := (float32(20*number)/255 - 0.5) * 2; r-want > 1e-6 || want-r > 1e-6 {
			t.Errorf("picture %d has a red of %g, want %g", number, r, want)
		}
		if int(labels[i]) != number%2 {
			t.Errorf("picture %d has label %d", number, labels[i])
		}
	}
	if !slices.Equal(places, all(10)) {
		t.Errorf("places %v", places)
	}
}

// Equal seeds give equal batches, on any number of processors.
func TestEpochIsReproducible(t *testing.T) {
	s := ok[*Pictures](t)(Folder(folder(t))).With(eval(t, preprocessing.Options{IsTraining: true, Seed: 3}))
	o := EpochOptions{BatchSize: 4, Shuffle: true, Seed: 7}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	reds, _, places := epochOf(t, s, o)
	runtime.GOMAXPROCS(4)
	again, _, placesAgain := epochOf(t, s, o)
	if !slices.Equal(reds, again) || !slices.Equal(places, placesAgain) {
		t.Errorf("%v %v, and with more processors %v %v", reds, places, again, placesAgain)
	}
	o.Number = 1
	if other, _, _ := epochOf(t, s, o); slices.Equal(reds, other) {
		t.Error("another epoch is the same")
	}
	if x := ok[any](t)(func() (any, error) { e, err := s.Examples(1, 2); return e == nil, err }()); x != true {
		t.Error("distorted pictures have names")
	}
}

func TestExamples(t *testing.T) {
	dir := folder(t)
	s := ok[*Pictures](t)(Folder(dir)).With(eval(t, preprocessing.Options{}))
	twice := ok[*Pictures](t)(Folder(dir)).With(eval(t, preprocessing.Options{}))
	a, b := ok[any](t)(two(s, 1, 2)), ok[any](t)(two(twice, 1, 2))
	if a != b {
		t.Errorf("%v of the same files as %v", a, b)
	}
	if c := ok[any](t)(two(s.With(eval(t, preprocessing.Options{WholeImage: true})), 1, 2)); c == a {
		t.Error("another preparation has the same name")
	}
	path := s.Names()[1]
	if err := os.Chtimes(path, time.Time{}, time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	if c := ok[any](t)(two(s, 1, 2)); c == a {
		t.Error("a file of another time has the same name")
	}
	e, err := s.Examples(4, 0, 9)
	if err != nil {
		t.Fatal(err)
	}
	x, err := e.Make([]int{2, 0})
	if err != nil || x.Shape()[0] != 2 {
		t.Fatal(x, err)
	}
	whole := ok[*Dataset](t)(s.Dataset())
	if got, want := x.Data().([]float32)[0], whole.pixels()[9*whole.size()]; got != want {
		t.Errorf("picture 9 has %g, in a dataset %g", got, want)
	}
	if _, err := s.Examples(10); err == nil {
		t.Error("a picture that is not there")
	}
}

// two is what names two examples.
func two(s Source, places ...int) (any, error) {
	e, err := s.Examples(places...)
	if err != nil {
		return nil, err
	}
	return struct {
		source any
		a, b   uint64
	}{e.Source, e.Keys[0], e.Keys[1]}, nil
}

func TestEpochEnds(t *testing.T) {
	s := ok[*Pictures](t)(Folder(folder(t))).With(eval(t, preprocessing.Options{}))
	before := runtime.NumGoroutine()
	for range 20 {
		e := ok[Epoch](t)(s.Epoch(EpochOptions{BatchSize: 1}))
		ok[*Batch](t)(e.Next())
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := e.Next(); err == nil || !strings.Contains(err.Error(), "closed") {
			t.Errorf("after Close: %v", err)
		}
	}
	for range 200 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}

func TestBrokenPicture(t *testing.T) {
	dir := folder(t)
	path := filepath.Join(dir, "green", "broken.jpg")
	if err := os.WriteFile(path, []byte("\xff\xd8\xff\xe0 no"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := ok[*Pictures](t)(Folder(dir)).With(eval(t, preprocessing.Options{}))
	if _, err := s.Dataset(); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v, %s is wanted in it", err, path)
	}
}

func TestSizesDiffer(t *testing.T) {
	s := ok[*Pictures](t)(Images([]image.Image{image.NewGray(image.Rect(0, 0, 2, 2)), image.NewGray(image.Rect(0, 0, 2, 3))}, nil, nil))
	if _, err := s.Dataset(); err == nil || !strings.Contains(err.Error(), "With prepares pictures") {
		t.Errorf("got %v", err)
	}
	same := image.NewRGBA(image.Rect(0, 0, 2, 1))
	same.Set(1, 0, color.RGBA{9, 8, 7, 255})
	d := ok[*Dataset](t)(ok[*Pictures](t)(Images([]image.Image{same}, nil, nil)).Dataset())
	if !slices.Equal(d.pixels(), []float32{0, 0, 0, 9, 8, 7}) {
		t.Error(d.pixels())
	}
}

// interrupted is a cell that can be interrupted.
type interrupted struct {
	host.Host
	ctx context.Context
}

func (h interrupted) Context() context.Context { return h.ctx }

// An interrupt ends an epoch, what makes a Dataset, and the search for broken
// pictures.
func TestInterrupt(t *testing.T) {
	s := ok[*Pictures](t)(Folder(folder(t))).With(eval(t, preprocessing.Options{}))
	before := runtime.NumGoroutine()
	ctx, cancel := context.WithCancel(context.Background())
	defer host.Install(interrupted{ctx: ctx})()
	e := ok[Epoch](t)(s.Epoch(EpochOptions{BatchSize: 1}))
	ok[*Batch](t)(e.Next())
	cancel()
	if _, err := e.Next(); !errors.Is(err, context.Canceled) {
		t.Errorf("Next after an interrupt: %v", err)
	}
	if _, err := s.Dataset(); !errors.Is(err, context.Canceled) {
		t.Errorf("Dataset after an interrupt: %v", err)
	}
	if _, _, err := s.SkipBroken(); !errors.Is(err, context.Canceled) {
		t.Errorf("SkipBroken after an interrupt: %v", err)
	}
	for range 200 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}
