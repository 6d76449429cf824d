package worker

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// isStopped tells whether a child of ours is stopped. It leaves the child's
// end to be waited for.
func isStopped(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	// pid (name) state …; the name may hold anything
	_, rest, ok := bytes.Cut(stat[max(0, bytes.LastIndexByte(stat, ')')):], []byte(" "))
	return ok && len(rest) > 0 && rest[0] == 'T'
}

// privateMemory is what a process uses by itself: mapped checkpoints are not
// counted, they cost nothing that cannot be had back.
func privateMemory(pid int) uint64 {
	return kibibytes(fmt.Sprintf("/proc/%d/status", pid), "RssAnon:")
}

// kibibytes reads a line such as "MemTotal:  24683 kB".
func kibibytes(path, name string) uint64 {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			n, _ := strconv.ParseUint(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			return n << 10
		}
	}
	return 0
}

// machineMemory is the machine's memory, or less in a container that may use
// less; 0 when it is not known.
func machineMemory() uint64 {
	total := kibibytes("/proc/meminfo", "MemTotal:")
	limits := []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}
	if text, err := os.ReadFile("/proc/self/cgroup"); err == nil {
		if _, path, ok := strings.Cut(string(text), "0::"); ok {
			limits = append(limits, filepath.Join("/sys/fs/cgroup", strings.TrimSpace(path), "memory.max"))
		}
	}
	for _, path := range limits {
		if text, err := os.ReadFile(path); err == nil {
			if n, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64); err == nil && n > 0 && n < total {
				total = n
			}
		}
	}
	return total
}

// offer lets the system end this process before others when it has no memory
// left: Jupyter and the front process must outlive it.
func offer() { _ = os.WriteFile("/proc/self/oom_score_adj", []byte("500"), 0) }
