package tutor

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// texts are all that the tutor says of its exercises, in English.
func texts() []string {
	var out []string
	for _, n := range notebooks() {
		for _, e := range n.exercises {
			out = append(out, e.asks, e.because, e.look, e.hint, e.want.kind())
			for _, m := range e.wrong {
				out = append(out, m.means)
			}
		}
	}
	return out
}

// Every text has a Chinese one, with the same code, verbs and long numbers;
// and no Chinese text has lost its English one.
func TestCatalogue(t *testing.T) {
	shared := chineseVerdicts()
	needed := map[string]bool{}
	for i := 0; i < len(shared); i += 2 {
		needed[shared[i]] = true
	}
	for _, s := range texts() {
		needed[s] = true
	}
	code, word := regexp.MustCompile("`[^`]*`"), regexp.MustCompile("[a-z]{4,}")
	same := regexp.MustCompile("`[^`]*`|%[.0-9]*[a-zA-Z]\\b|[0-9]{3,}")
	for s := range needed {
		c, ok := inChinese(s)
		switch {
		case !ok:
			t.Errorf("no Chinese for %q", s)
		case word.MatchString(code.ReplaceAllString(s, "")) && !strings.ContainsFunc(c, func(r rune) bool { return unicode.Is(unicode.Han, r) }):
			t.Errorf("the Chinese for %q is %q", s, c)
		}
		a, b := same.FindAllString(s, -1), same.FindAllString(c, -1)
		if !strings.Contains(strings.Join(a, ""), "%") { // formats take their arguments in one order
			slices.Sort(a)
			slices.Sort(b)
		}
		if !slices.Equal(slices.Compact(a), slices.Compact(b)) {
			t.Errorf("%q has %q, its Chinese %q has %q", s, a, c, b)
		}
	}
	for s := range catalogue() {
		if !needed[s] {
			t.Errorf("nothing says %q any more", s)
		}
	}
}

// The notebook's own language comes before the system's.
func TestSpoken(t *testing.T) {
	for _, c := range []struct {
		notebook, lcAll, lang string
		want                  language
	}{
		{"/home/ada/tutorials/02-checkpoints.zh.ipynb", "", "en_US.UTF-8", chinese},
		{"02-checkpoints.zh-Copy1.ipynb", "C", "", chinese},
		{"/home/ada/tutorials/02-checkpoints.ipynb", "", "zh_CN.UTF-8", english},
		{"/home/ada/mine.ipynb", "", "zh_CN.UTF-8", chinese},
		{"", "", "zh_TW", chinese},
		{"", "C.UTF-8", "zh_CN.UTF-8", english},
		{"", "", "", english},
	} {
		t.Setenv("JPY_SESSION_NAME", c.notebook)
		t.Setenv("LC_ALL", c.lcAll)
		t.Setenv("LC_MESSAGES", "")
		t.Setenv("LANG", c.lang)
		if got := spoken("02.1"); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

func TestVerdictsInChinese(t *testing.T) {
	t.Setenv("JPY_SESSION_NAME", "02-checkpoints.zh.ipynb")
	for _, c := range []struct {
		answer any
		want   string
	}{
		{54, "✓ 对: 27 层有批归一化，每层一个滑动均值、一个滑动方差。"},
		{0, "… 还没填: 138 个张量里，有多少个是滑动均值和滑动方差？\n  把上面的单元填好，两个单元都再运行一次。tutor.Hint(\"02.1\") 有提示。"},
		{27, "✗ 不对: 27 是带批归一化的层数：每层有两个统计量。\n  tutor.Hint(\"02.1\") 有提示。"},
		{3, "✗ 不对: 3 太少了\n  看第 1 节的表：这类张量的名字有什么共同点？"},
		{"x", "✗ 不对: 答案应该是一个整数，这里是文字 \"x\"\n  看第 1 节的表：这类张量的名字有什么共同点？"},
	} {
		v, err := Check("02.1", c.answer)
		if err != nil || v.String() != c.want {
			t.Errorf("%v: %q, %v, want %q", c.answer, v, err, c.want)
		}
	}
	h, err := Hint("02.1")
	if err != nil || !strings.HasPrefix(h.MIME()["text/plain"], "练习 02.1 的提示：") {
		t.Errorf("%v, %v", h.MIME(), err)
	}
}
