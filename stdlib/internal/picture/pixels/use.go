package pixels

import (
	"sync"

	"graft/stdlib/internal/kern"
)

var chosen = sync.OnceValue(func() *Loops {
	if name, _ := kern.Choice(); name == "portable" {
		return &Loops{Name: name}
	}
	return All()[0]
})
