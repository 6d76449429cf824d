//go:build unix

package atomicfile

import (
	"errors"
	"syscall"
)

// unlessUnsyncable is nil for a file system that has no notion of syncing a
// folder, such as some network ones.
func unlessUnsyncable(err error) error {
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		return nil
	}
	return err
}
