package fetch

import (
	"fmt"
	"strings"
	"time"
)

// Attempt is a source that was asked, and why it did not give the archive.
type Attempt struct {
	From string
	Err  error
}

// UnavailableError says that no source has a release, and how to get it by
// hand.
type UnavailableError struct {
	Release Release
	Offline bool
	Tried   []Attempt
	// Place is where to put the archive by hand.
	Place string
}

func (e *UnavailableError) Error() string {
	var b strings.Builder
	r := e.Release
	if fmt.Fprintf(&b, "ckpt: %s is not in the cache and could not be fetched", r.Name); e.Offline {
		b.WriteString(": GRAFT_OFFLINE or the option forbids to ask a server")
	}
	for _, t := range e.Tried {
		fmt.Fprintf(&b, "\n  %s: %v", t.From, t.Err)
	}
	size := ""
	if r.Bytes > 0 {
		size = fmt.Sprintf(" (%d MB)", (r.Bytes+500_000)/1_000_000)
	}
	fmt.Fprintf(&b, "\nBy hand: get %s%s\n  from %s\n  on a computer that can, put it at %s, and try again.", r.File(), size, r.URL, e.Place)
	b.WriteString("\nA classroom can serve the archives itself: GRAFT_MIRROR names its server, or a folder.")
	return b.String()
}

// Unwrap gives the reasons.
func (e *UnavailableError) Unwrap() []error {
	var errs []error
	for _, t := range e.Tried {
		errs = append(errs, t.Err)
	}
	return errs
}

// ChecksumError says that an archive, or a file of the cache, is another than
// it should be.
type ChecksumError struct {
	Name      string
	From      string // where it came from, or where it lies
	Want, Got string // SHA-256 in hexadecimal
	// Record is the file that has the checksum of an earlier download, at
	// Fetched; "" for a published one.
	Record  string
	Fetched time.Time
}

func (e *ChecksumError) Error() string {
	msg := fmt.Sprintf("ckpt: %s: %s has SHA-256 %s, ", e.Name, e.From, e.Got)
	if e.Record == "" {
		return msg + fmt.Sprintf("published is %s: it is damaged, or another file under this name, and is not used", e.Want)
	}
	return msg + fmt.Sprintf("on %s it was %s: it has changed, and is not used; if that is right, delete %s", e.Fetched.Format(time.DateOnly), e.Want, e.Record)
}

// ArchiveError says that an archive is damaged or holds what it must not.
type ArchiveError struct {
	Name string
	From string
	// Entry is the member concerned, "" for the archive itself.
	Entry string
	Err   error
}

func (e *ArchiveError) Error() string {
	if e.Entry == "" {
		return fmt.Sprintf("ckpt: %s: archive %s: %v", e.Name, e.From, e.Err)
	}
	return fmt.Sprintf("ckpt: %s: archive %s: member %q: %v", e.Name, e.From, e.Entry, e.Err)
}

func (e *ArchiveError) Unwrap() error { return e.Err }
