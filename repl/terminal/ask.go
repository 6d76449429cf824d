package terminal

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"
)

// Ask asks for a line on the terminal, without showing it if it is a password.
// Errors: standard input is no terminal, and ctx's when it ends first.
func Ask(ctx context.Context, prompt string, password bool) (string, error) {
	fd := int(os.Stdin.Fd())
	if !term.IsTerminal(fd) {
		return "", errors.New("this cell asks for input, and standard input is not a terminal")
	}
	type line struct {
		text string
		err  error
	}
	answer := make(chan line, 1)
	go func() {
		fmt.Fprint(os.Stderr, plainPastes+prompt) // a line is read here as the terminal sends it
		if password {
			text, err := term.ReadPassword(fd)
			answer <- line{string(text), err}
			return
		}
		text, err := bufio.NewReader(os.Stdin).ReadString('\n')
		answer <- line{strings.TrimRight(text, "\r\n"), err}
	}()
	select {
	case a := <-answer:
		return a.text, a.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
