package fetch

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

const (
	// patience is how often in a row a download may break without getting
	// further.
	patience = 5
	// silence is how long a server may say nothing.
	silence = 30 * time.Second
	// maxArchive bounds an archive whose size nobody knows; the largest of the
	// releases has half a gigabyte.
	maxArchive = 4 << 30
)

func client() *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone() // with the proxies of the environment
	t.ResponseHeaderTimeout = silence
	t.DisableCompression = true
	return &http.Client{Transport: t, CheckRedirect: func(req *http.Request, via []*http.Request) error {
		if len(via) > 10 {
			return errors.New("more than 10 redirections")
		}
		if via[len(via)-1].URL.Scheme == "https" && req.URL.Scheme != "https" {
			return fmt.Errorf("it redirects from https to %s", req.URL)
		}
		return nil
	}}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// finalError is one that trying again does not mend.
type finalError struct{ error }

func (e finalError) Unwrap() error { return e.error }

// download is one archive on its way from one server.
type download struct {
	Options
	places
	url  string
	have int64 // bytes in the part file
	best int64 // the most there ever were
	known
}

// known is what is known of a part file, PART.json: by it a server can tell
// whether it still has the same file.
type known struct {
	URL      string `json:"url"`
	ETag     string `json:"etag,omitempty"`
	Modified string `json:"modified,omitempty"`
	Total    int64  `json:"total,omitempty"` // 0 when it is not known
}

// validator is for the header If-Range, "" if nothing tells.
func (k known) validator() string {
	if k.ETag != "" && !strings.HasPrefix(k.ETag, "W/") {
		return k.ETag
	}
	return k.Modified
}

// download gets the archive from a server into the part file, going on where an
// earlier attempt, of this process or another, broke off.
func (o Options) download(p places, from string) error {
	d := &download{Options: o, places: p, url: from}
	d.resume()
	if d.have > 0 && d.have == max(d.Bytes, d.Total) {
		return nil // it ended before it was unpacked
	}
	for tries := 0; ; {
		err := d.attempt()
		final := finalError{}
		switch {
		case err == nil:
			return nil
		case d.Context.Err() != nil:
			return d.Context.Err()
		case errors.As(err, &final):
			return final.error
		}
		if d.have > d.best {
			d.best, tries = d.have, 0
		}
		if tries++; tries == patience {
			return fmt.Errorf("%w (%d attempts)", err, tries)
		}
		if err := d.pause(d.Context, time.Duration(tries)*time.Second/2); err != nil {
			return err
		}
	}
}

// resume looks at what is there of the archive.
func (d *download) resume() {
	text, err := os.ReadFile(d.part() + ".json")
	if err != nil || json.Unmarshal(text, &d.known) != nil {
		d.known = known{}
	}
	info, err := os.Stat(d.part())
	switch {
	case err != nil || !info.Mode().IsRegular():
	case d.SHA256 != "": // whatever is put together is held against it
		d.have = info.Size()
	case d.known.URL == d.url && d.validator() != "":
		d.have = info.Size()
	}
	d.best = d.have
}

// anew throws away what is there.
func (d *download) anew() { d.have, d.known = 0, known{} }

// attempt is one request, and what it brings.
func (d *download) attempt() error {
	ctx, cancel := context.WithCancelCause(d.Context)
	defer cancel(nil)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.url, nil)
	if err != nil {
		return finalError{err}
	}
	req.Header.Set("Accept-Encoding", "identity")
	req.Header.Set("User-Agent", "graft-ckpt")
	if d.have > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", d.have))
		if v := d.validator(); v != "" && d.known.URL == d.url {
			req.Header.Set("If-Range", v)
		}
	}
	res, err := d.Client.Do(req)
	if err != nil {
		return reason(err)
	}
	defer res.Body.Close()
	total, err := d.accept(res)
	if err != nil {
		return err
	}
	watch := time.AfterFunc(d.silence, func() { cancel(fmt.Errorf("the server said nothing for %v", d.silence)) })
	defer watch.Stop()
	if err := d.receive(&watched{res.Body, watch, d.silence}, total); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		return err
	}
	return nil
}

// reason is why there was no answer, without the address, which who reports it
// has. A server that nobody knows, or that nobody vouches for, is not asked
// again.
func reason(err error) error {
	var request *url.Error
	if errors.As(err, &request) {
		err = request.Err
	}
	var name *net.DNSError
	var stranger *tls.CertificateVerificationError
	if errors.As(err, &name) && name.IsNotFound || errors.As(err, &stranger) {
		return finalError{err}
	}
	return err
}

// watched puts off a timer whenever something comes.
type watched struct {
	r     io.Reader
	timer *time.Timer
	by    time.Duration
}

func (w *watched) Read(b []byte) (int, error) {
	n, err := w.r.Read(b)
	w.timer.Reset(w.by)
	return n, err
}

// accept looks at the head of an answer: where its body begins and how large
// the archive will be, 0 if it does not say.
func (d *download) accept(res *http.Response) (total int64, err error) {
	now := known{URL: d.url, ETag: res.Header.Get("ETag"), Modified: res.Header.Get("Last-Modified")}
	switch res.StatusCode {
	case http.StatusOK: // the whole file: it changed, or the server knows no ranges
		d.have = 0
		total = max(0, res.ContentLength)
	case http.StatusPartialContent:
		var from int64
		from, total, err = contentRange(res.Header.Get("Content-Range"))
		changed := now.ETag != "" && d.ETag != "" && now.ETag != d.ETag && d.known.URL == d.url || total > 0 && d.Total > 0 && total != d.Total
		if err != nil || from != d.have || changed {
			defer d.anew()
			return 0, fmt.Errorf("the server went on with %q after %d bytes of a file of %d: it has another one now", res.Header.Get("Content-Range"), d.have, d.Total)
		}
	case http.StatusRequestedRangeNotSatisfiable:
		defer d.anew()
		return 0, fmt.Errorf("the server has no more than the %d bytes that are here", d.have)
	default:
		err = fmt.Errorf("the server says %s", res.Status)
		if res.StatusCode < 500 && res.StatusCode != http.StatusTooManyRequests && res.StatusCode != http.StatusRequestTimeout {
			err = finalError{err}
		}
		return 0, err
	}
	if total > maxArchive || d.Bytes > 0 && total > 0 && total != d.Bytes {
		return 0, finalError{fmt.Errorf("the server announces %d bytes, the archive has %s", total, d.size())}
	}
	now.Total = total
	d.known = now
	return total, nil
}

func (d *download) size() string {
	if d.Bytes > 0 {
		return strconv.FormatInt(d.Bytes, 10)
	}
	return fmt.Sprintf("at most %d", int64(maxArchive))
}

// contentRange reads "bytes 100-199/200"; total is 0 for "*".
func contentRange(text string) (from, total int64, err error) {
	span, size, ok := strings.Cut(strings.TrimPrefix(text, "bytes "), "/")
	first, _, dash := strings.Cut(span, "-")
	from, err = strconv.ParseInt(first, 10, 64)
	if err == nil && size != "*" {
		total, err = strconv.ParseInt(size, 10, 64)
	}
	if !ok || !dash || err != nil || from < 0 || total < 0 {
		return 0, 0, fmt.Errorf("Content-Range %q", text)
	}
	return from, total, nil
}

// receive writes a body to the part file.
func (d *download) receive(body io.Reader, total int64) error {
	r := bufio.NewReader(body)
	if d.have == 0 {
		if head, err := r.Peek(512); len(head) < 2 || head[0] != 0x1f || head[1] != 0x8b {
			if len(head) < 2 && err != nil && err != io.EOF {
				return err
			}
			return finalError{fmt.Errorf("the server sent %s, not a .tar.gz", looks(head))}
		}
	}
	flags := os.O_CREATE | os.O_WRONLY
	if d.have == 0 {
		flags |= os.O_TRUNC
	}
	f, err := os.OpenFile(d.part(), flags, 0o644)
	if err != nil {
		return finalError{err}
	}
	defer f.Close()
	text, err := json.Marshal(d.known)
	if err == nil {
		err = os.WriteFile(d.part()+".json", text, 0o644)
	}
	if err == nil {
		_, err = f.Seek(d.have, io.SeekStart)
	}
	if err != nil {
		return finalError{err}
	}
	limit := int64(maxArchive)
	if total > 0 {
		limit = total
	}
	m := d.meter(d.places, Downloading, d.have, total)
	n, err := io.Copy(&disk{f}, io.TeeReader(io.LimitReader(r, limit-d.have+1), m))
	d.have += n
	switch {
	case err != nil:
		return err
	case d.have > limit:
		return finalError{fmt.Errorf("the server sent more than %d bytes", limit)}
	case d.have < total:
		return fmt.Errorf("the connection ended after %d of %d bytes: %w", d.have, total, io.ErrUnexpectedEOF)
	}
	if err := f.Close(); err != nil {
		return finalError{err}
	}
	return nil
}

// disk makes final errors of those of writing: trying again does not make room.
type disk struct{ f *os.File }

func (d *disk) Write(b []byte) (int, error) {
	n, err := d.f.Write(b)
	if err != nil {
		err = finalError{err}
	}
	return n, err
}

// looks says what a file that is no archive seems to be.
func looks(head []byte) string {
	text := strings.ToLower(string(bytes.TrimSpace(head[:min(len(head), 64)])))
	switch {
	case len(head) == 0:
		return "nothing"
	case strings.HasPrefix(text, "<!doctype html"), strings.HasPrefix(text, "<html"):
		return "an HTML page (of a login, a proxy or an error)"
	case strings.HasPrefix(text, "<?xml"), strings.HasPrefix(text, "{"):
		return "a message instead of the file"
	case strings.HasPrefix(text, "version https://git-lfs"):
		return "a Git LFS pointer"
	}
	return fmt.Sprintf("a file that begins with %.16q", head)
}
