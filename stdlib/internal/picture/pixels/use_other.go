//go:build !amd64 || purego

package pixels

func vectors() []*Loops { return nil }
