//go:build !unix

package atomicfile

func unlessUnsyncable(error) error { return nil }
