package tutor

import (
	"slices"
	"sync"
)

// inChinese looks a text of the tutor up. What a notebook says in Chinese is
// in its source; what the tutor answers is here, as pairs, so that the
// exercises themselves can be read without either language in the way.
func inChinese(s string) (string, bool) {
	c, ok := catalogue()[s]
	return c, ok
}

var catalogue = sync.OnceValue(func() map[string]string {
	all := slices.Concat(chineseVerdicts(), chinese02To07(), chinese08To13())
	texts := map[string]string{}
	for i := 0; i < len(all); i += 2 {
		texts[all[i]] = all[i+1]
	}
	return texts
})

// chineseVerdicts are the texts that all exercises share, English and Chinese
// in turn. Those with verbs are formats: the Chinese takes the same arguments.
func chineseVerdicts() []string {
	return []string{
		string(Right), "对",
		string(Wrong), "不对",
		string(NotYet), "还没填",
		"Hint for exercise %s: %s", "练习 %s 的提示：%s",
		"tutor.Hint(%q) helps.", "tutor.Hint(%q) 有提示。",
		"Fill in the cell above and run both again. %s", "把上面的单元填好，两个单元都再运行一次。%s",
		"the answer is %s; this is %s", "答案应该是%s，这里是%s",

		"a whole number", "一个整数",
		"a number", "一个数",
		"a text between quotes", "引号里的文字",
		"a shape, such as []int{3, 3}", "一个形状，例如 []int{3, 3}",
		"a list of variables, or of their names", "变量的列表，或者变量名的列表",
		"a tensor", "一个张量",
		"an error: the second result of a call, as in _, err := …", "一个错误：调用的第二个结果，如 _, err := …",

		"the error %v", "错误 %v",
		"the text %q", "文字 %q",
		"a %T", "一个 %T",

		"%d is too few", "%d 太少了",
		"%d is too many", "%d 太多了",
		"%.4g is too small", "%.4g 太小了",
		"%.4g is too large", "%.4g 太大了",
		"%.4g is no number that can be compared", "%.4g 不是能比较的数",
		"%q differs in capitals only", "%q 只是大小写不同",
		"%q is not it", "不是 %q",
		"%v has %d numbers, %d are wanted", "%v 有 %d 个数，应该有 %d 个",
		"%v: number %d is not %d", "%v：第 %d 个数不是 %d",
		"%d too many, such as %s", "多了 %d 个，例如 %s",
		"%d missing", "少了 %d 个",
		"one of them stands there twice", "其中一个出现了两次",
		"of these %d, %s", "这 %d 个里，%s",
		", and ", "，",
		"these are the right ones in another order", "内容对了，顺序不对",
		"the shape is %v, %v is wanted", "形状是 %v，应该是 %v",
		"value %d is %.4g, %.4g is wanted", "第 %d 个值是 %.4g，应该是 %.4g",
		"another error: %v", "是另一个错误：%v",
	}
}
