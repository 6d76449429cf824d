"""The slips that slips.py makes in a cell: rules over its tokens. `python slips_made.py` tests this file."""
import dataclasses
import re

TOKEN = re.compile(r"""
    (?P<comment>//[^\n]*)
  | (?P<raw>`[^`]*`)
  | (?P<text>"(?:\\.|[^"\\\n])*")
  | (?P<rune>'(?:\\.|[^'\\\n])+')
  | (?P<name>[^\W\d]\w*)
  | (?P<number>\d[\w.]*)
  | (?P<walrus>:=)
  | (?P<space>\s+)
  | (?P<other>.)
""", re.X)
KEYWORDS = set("break case chan const continue default defer else fallthrough for func go goto if import interface map package range "
               "return select struct switch type var nil true false string int float64 float32 int64 bool byte any error len append "
               "make uint8 uint64 iota _".split())


@dataclasses.dataclass
class Token:
    kind: str
    text: str
    at: int

    @property
    def end(self):
        return self.at + len(self.text)


@dataclasses.dataclass
class Slip:
    kind: str
    what: str
    source: str
    line: int = 0          # of the slip, where the compiler must name it
    meant: tuple = ()      # one of these must be named
    harmless: bool = False  # must pass, and change nothing
    late: int = 0          # how many slips of a kind that runs stand before it
    text: str = ""         # what was changed
    typed: str = ""        # into what

    def shown(self, cell):
        """Whether what a cell put out shows the slip itself, as that of a caption; another number shows in what it changed."""
        return self.kind != "text" or self.typed.strip("/_").lower() in str(cell.outputs).lower()

    def __str__(self):
        return "%s %s" % (self.kind, self.what)


def tokens(source):
    return [Token(m.lastgroup, m.group(0), m.start()) for m in TOKEN.finditer(source) if m.lastgroup != "space"]


def put(source, token, text):
    return source[:token.at] + text + source[token.end:]


def line_of(source, at):
    return source.count("\n", 0, at) + 1


def without_letter(word):
    """The word with a letter left out past its middle, so that it is still another word.

    >>> without_letter("VariablesToRestore"), without_letter("MobilenetV1/Logits"), without_letter("abc")
    ('VariablesToRstore', 'MobilenetV1/Logis', None)
    """
    head, slash, tail = word.rpartition("/")
    if len(tail) < 4 and slash and len(head) > 3:
        other = without_letter(head)
        return other and other + slash + tail
    if len(tail) < 4:
        return None
    n = len(tail) * 2 // 3
    return head + slash + tail[:n] + tail[n + 1:]


def spread(things, most):
    """At most so many of the things, from all over the list."""
    if len(things) <= most:
        return things
    return [things[i * len(things) // most] for i in range(most)]


def names(source, toks):
    """Names used, not declared: the first use of each."""
    seen, out = set(), []
    in_import = source.lstrip().startswith("import (")
    for i, t in enumerate(toks):
        if t.kind != "name" or t.text in KEYWORDS or t.text in seen or len(t.text) < 4:
            continue
        if in_import and t.at < source.find(")"):
            continue
        before = toks[i - 1].text if i else ""
        if before in ("func", "type") or declares(toks, i) or of_type(source, t):
            seen.add(t.text)  # of the cell's own making: found where it is used
            continue
        seen.add(t.text)
        out.append(t)
    return out


def of_type(source, t):
    """Whether the name stands in a line that declares a field, a method or a parameter."""
    start = source.rfind("\n", 0, t.at) + 1
    if re.match(r"func \([^)]*\) *$", source[start:t.at]):
        return True
    if re.match(r"func [\w.]*\(", source[start:t.at]) and "{" not in source[start:t.at]:
        return True
    opened = source.rfind("type ", 0, t.at)
    return opened >= 0 and "struct {" in source[opened:t.at] and "\n}" not in source[opened:t.at]


def declares(toks, i):
    """Whether the name stands left of := or is a parameter or field being declared."""
    j = i + 1
    while j < len(toks) and (toks[j].text == "," or toks[j].kind == "name" and toks[j - 1].text == ","):
        j += 1
    if j < len(toks) and toks[j].kind == "walrus":
        return True
    return i + 1 < len(toks) and i > 0 and toks[i - 1].text != "." and toks[i + 1].kind == "name" and toks[i + 1].text not in KEYWORDS - {
        "string", "int", "float64", "float32", "int64", "bool", "byte", "any", "error"} or (
        i + 1 < len(toks) and toks[i + 1].text in ("[", "*") and toks[i - 1].text in ("(", ",", "{") and i + 2 < len(toks) and toks[i + 2].text == "]")


def letters(source, toks):
    for t in spread(names(source, toks), 8):
        other = without_letter(t.text)
        if other and other not in KEYWORDS:
            yield Slip("letter", "%s for %s" % (other, t.text), put(source, t, other), line_of(source, t.at), (t.text,), typed=other)


def capitals(source, toks):
    """A small letter at the beginning of what follows a point, or behind one of the library's packages."""
    found = [t for i, t in enumerate(toks) if i and toks[i - 1].text == "." and t.kind == "name" and t.text[0].isupper()]
    for t in spread(found, 2):
        other = t.text[0].lower() + t.text[1:]
        yield Slip("capital", "%s for %s" % (other, t.text), put(source, t, other), line_of(source, t.at), (t.text,))


def walrus(source, toks):
    for i, t in enumerate(toks):
        line = source[source.rfind("\n", 0, t.at) + 1:t.at]
        if t.kind == "walrus" and not line.startswith(("\t", "for", "if")) and "_" not in line:
            yield Slip("walrus", "= in %s" % line.strip(), put(source, t, "="), line_of(source, t.at))
            return


DEPTH = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}


def closing(toks, i):
    """The index of the bracket that closes the one at i."""
    depth = 0
    for j in range(i, len(toks)):
        depth += DEPTH.get(toks[j].text, 0)
        if depth == 0:
            return j
    return None


def between(toks, i, end, text):
    """The indices of a token between two brackets, and not within others."""
    found, depth = [], 0
    for j in range(i + 1, end):
        depth += DEPTH.get(toks[j].text, 0)
        if toks[j].text == text and depth == 0:
            found.append(j)
    return found


def arguments(source, toks):
    """Calls without their last argument."""
    calls = []
    for i, t in enumerate(toks[:-1]):
        if t.kind != "name" or toks[i + 1].text != "(" or t.text in KEYWORDS or i and toks[i - 1].text == "func":
            continue
        end = closing(toks, i + 1)
        if end is None or i > 1 and toks[i - 2].text == "fmt":
            continue
        commas = [j for j in between(toks, i + 1, end, ",") if j + 1 < end]
        if commas:
            calls.append((t, toks[commas[-1]], toks[end]))
    for n, (t, comma, end) in enumerate(spread(calls, 3)):
        yield Slip("argument", "none last in %s(…)" % t.text, source[:comma.at] + source[end.at:], late=n, text=t.text)


def brackets(source, toks):
    close = [t for t in toks if t.kind == "other" and t.text in ")]}"]
    for t in spread(close, 2):
        yield Slip("bracket", "no %s in line %d" % (t.text, line_of(source, t.at)), put(source, t, ""))
    texts = [t for t in toks if t.kind == "text" and not source.lstrip().startswith("import")]
    if texts:
        t = texts[-1]
        yield Slip("quote", "none behind %s" % t.text[:-1], source[:t.end - 1] + source[t.end:], line_of(source, t.at))


def imports(source, toks):
    if not source.lstrip().startswith("import"):
        return
    end = source.find(")") if source.lstrip().startswith("import (") else source.find("\n") % (len(source) + 1)
    lines = [t for t in toks if t.kind == "text" and t.at < end]
    for t in spread(lines, 3):
        path = t.text.strip('"')
        if source.lstrip().startswith("import ("):
            yield Slip("import", "none of %s" % path, put(source, t, ""), harmless=True)
        other = without_letter(path)
        if other and not path.startswith("github"):
            yield Slip("import", "%s for %s" % (other, path), put(source, t, '"%s"' % other), line_of(source, t.at), (path,))


def texts(source, toks):
    """Texts with a letter left out: names of files, scopes, tensors, exercises."""
    n = 0
    found = [t for t in toks if t.kind == "text"]
    if source.lstrip().startswith("import"):
        found = [t for t in found if t.at > source.find(")")]
    for t in spread(found, 6):
        word = t.text[1:-1]
        other = without_letter(word)
        if other and "%" not in word and " " not in word and "\\" not in word:
            yield Slip("text", '"%s" for "%s"' % (other, word), put(source, t, '"%s"' % other), late=n, text=word, typed=other)
            n += 1


def numbers(source, toks):
    """Another number in a shape, an index, or a call."""
    n = 0
    found = [t for i, t in enumerate(toks) if t.kind == "number" and t.text.isdigit() and 0 < i < len(toks) - 1 and (
        toks[i - 1].text in ("[", ",", "{", "(") and toks[i + 1].text in ("]", ",", "}", ")"))]
    for t in spread(found, 3):
        other = str(int(t.text) + (1 if int(t.text) > 1 else 7))
        around = source[source.rfind("\n", 0, t.at) + 1:].split("\n")[0].strip()
        yield Slip("number", "%s for %s in %s" % (other, t.text, around[:60]), put(source, t, other), late=n, text=around)
        n += 1


def swapped(source, toks):
    """Calls with their two arguments the other way round."""
    n = 0
    for i, t in enumerate(toks[:-1]):
        if t.kind != "name" or toks[i + 1].text != "(" or i and toks[i - 1].text == "func" or i > 1 and toks[i - 2].text == "fmt" or t.text == "append":
            continue
        end = closing(toks, i + 1)
        if end is None:
            continue
        commas = between(toks, i + 1, end, ",")
        if len(commas) == 1 and n < 2 and toks[end - 1].text != ".":
            a, comma, b = toks[i + 1].end, toks[commas[0]], toks[end].at
            yield Slip("swapped", "in %s(…)" % t.text, "%s%s, %s%s" % (source[:a], source[comma.end:b].strip(), source[a:comma.at], source[b:]), late=n, text=t.text)
            n += 1


def fields(source, toks):
    """Composite literals without their last field or feed."""
    found = []
    for i, t in enumerate(toks):
        if t.text != "{" or i == 0 or toks[i - 1].kind != "name" or not toks[i - 1].text[0].isupper():
            continue
        end = closing(toks, i)
        keys = between(toks, i, end or 0, ":")
        if keys:
            found.append((toks[i - 1].text, toks[keys[-1] - 1], toks[end]))
    for n, (name, key, end) in enumerate(spread(found, 3)):
        rest = source[:key.at].rstrip().rstrip(",")
        yield Slip("field", "no %s in %s" % (key.text, name), rest + source[end.at:], late=n, text=key.text)


def lines(source, toks):
    """A statement forgotten: a call by itself, other than the last line."""
    all_lines = source.split("\n")
    n = 0
    for k, line in enumerate(all_lines[:-1]):
        if re.match(r"[\w.]+\(.*\)$", line):
            yield Slip("line", "without %s" % line, "\n".join(all_lines[:k] + all_lines[k + 1:]), late=n, text=line)
            n += 1


RULES = [letters, capitals, walrus, brackets, imports, arguments, swapped, fields, lines, texts, numbers]


def slips_of(source, refused=False):
    """The slips of a cell, those first that the compiler finds. Of a cell that it refuses as it stands the names are left alone."""
    if source.startswith("%"):
        first = source.split()[0]
        other = first[:-2] + first[-1]
        if len(first) > 4:
            yield Slip("magic", "%s for %s" % (other, first), source.replace(first, other, 1), 1, (first,))
        return
    toks = [t for t in tokens(source) if t.kind != "comment"]
    for rule in RULES[2 * refused:]:
        yield from rule(source, toks)


if __name__ == "__main__":
    import doctest
    raise SystemExit(doctest.testmod().failed)
