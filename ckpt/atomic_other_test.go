//go:build !linux

package ckpt

import "testing"

func limitFiles(*testing.T, string) {}
