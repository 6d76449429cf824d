package data

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"graft/ckpt/nearby"
)

// Folder is the pictures of a folder that has one folder for each class: dir/
// daisy/a.jpg is of the class daisy. Classes and pictures are in the order of
// their names; folders within a class belong to it. Files that are no pictures
// by their names are left out, see Ignored; names that begin with a point are
// not looked at. What is inside of the files is seen when they are decoded.
func Folder(dir string) (*Pictures, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("data: %w", nearby.Explain(err))
	}
	s := &Pictures{}
	loose := 0
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if info, err := os.Stat(path); err != nil || !info.IsDir() {
			if pictureName(path) {
				loose++
			} else {
				s.ignored = append(s.ignored, path)
			}
			continue
		}
		if err := s.addClass(e.Name(), path); err != nil {
			return nil, err
		}
	}
	switch {
	case loose > 0 && len(s.classes) > 0:
		return nil, fmt.Errorf("data: %s has %d pictures beside its %d folders: which class are they of?", dir, loose, len(s.classes))
	case loose > 0:
		return nil, fmt.Errorf("data: %s has %d pictures and no folders; one folder for each class is wanted, or data.Files with their labels", dir, loose)
	case s.Len() == 0:
		return nil, fmt.Errorf("data: %s has no pictures: %d folders, one for each class, without a file named .jpg, .jpeg, .png, .gif, .bmp or .webp", dir, len(s.classes))
	}
	return s, nil
}

// addClass adds the pictures under a folder.
func (s *Pictures) addClass(name, dir string) error {
	class := len(s.classes)
	s.classes = append(s.classes, name)
	// A link to a folder is followed here, and not below: it might go round.
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return fmt.Errorf("data: %w", err)
	}
	err = filepath.WalkDir(real, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path != real && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir():
			return nil
		}
		path = filepath.Join(dir, strings.TrimPrefix(path, real))
		if pictureName(path) {
			s.from, s.labels = append(s.from, file(path)), append(s.labels, class)
		} else {
			s.ignored = append(s.ignored, path)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("data: %w", err)
	}
	return nil
}

func pictureName(path string) bool {
	return slices.Contains([]string{".jpg", ".jpeg", ".jpe", ".png", ".gif", ".bmp", ".webp"}, strings.ToLower(filepath.Ext(path)))
}

// Files is pictures by their paths, with the label of each in
// [0, len(classes)). nil labels are all 0, nil classes are named "0". Errors:
// labels that are not as many or out of range.
func Files(paths []string, labels []int, classes []string) (*Pictures, error) {
	if labels == nil {
		labels = make([]int, len(paths))
	}
	if classes == nil {
		classes = []string{"0"}
	}
	s := &Pictures{labels: slices.Clone(labels), classes: slices.Clone(classes)}
	for _, p := range paths {
		s.from = append(s.from, file(p))
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	return s, nil
}

// check compares labels with pictures and classes.
func (s *Pictures) check() error {
	if len(s.labels) != len(s.from) {
		return fmt.Errorf("data: %d labels for %d pictures", len(s.labels), len(s.from))
	}
	for i, l := range s.labels {
		if l < 0 || l >= len(s.classes) {
			return fmt.Errorf("data: label %d of %s has no name, there are %d classes", l, s.from[i].name(), len(s.classes))
		}
	}
	return nil
}

// file is a picture's path.
type file string

func (f file) name() string { return string(f) }

// maxFile bounds the file of one picture.
const maxFile = 512 << 20

func (f file) encoded() ([]byte, error) {
	info, err := os.Stat(string(f))
	if err != nil {
		return nil, reason(err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxFile {
		return nil, fmt.Errorf("it is no file of at most %d MB", maxFile>>20)
	}
	b, err := os.ReadFile(string(f))
	return b, reason(err)
}

// reason leaves the path out of an error whose message will have it.
func reason(err error) error {
	if p, ok := err.(*fs.PathError); ok {
		return p.Err
	}
	return err
}

// fileSource is the source of pictures in files.
type fileSource struct{}

func (f file) identity() (source any, key uint64, err error) {
	info, err := os.Stat(string(f))
	if err != nil {
		return nil, 0, err
	}
	path, err := filepath.Abs(string(f))
	if err != nil {
		return nil, 0, err
	}
	return fileSource{}, hash(fmt.Sprintf("%s\x00%d\x00%d", path, info.Size(), info.ModTime().UnixNano())), nil
}

// hash is 64 bits of a text: among a million of them two are alike once in
// thirty million times.
func hash(text string) uint64 {
	sum := sha256.Sum256([]byte(text))
	return binary.LittleEndian.Uint64(sum[:])
}
