"""jupyter_kernel_test 0.7.0 with graft's samples."""
import jupyter_kernel_test as jkt


class Kernel(jkt.KernelTests):
    kernel_name = "graft"
    language_name = "go"
    file_extension = ".go"
    code_hello_world = 'fmt.Println("hello, world")'
    code_stderr = 'import "os"\nfmt.Fprintln(os.Stderr, "oops")'
    completion_samples = [
        {"text": "strings.ToUpperS", "matches": {"ToUpperSpecial"}},
        {"text": "fmt.Sprintl", "matches": {"Sprintln"}},
    ]
    complete_code_samples = ["x := 1", "func f() int { return 1 }", "1 + 1", "// a comment", ""]
    incomplete_code_samples = ["func f() {", "xs := []int{", 'fmt.Println("a",', "s := `abc", "x :=", "/* open"]
    invalid_code_samples = ["x := = 1", "}"]
    code_generate_error = 'panic("oh")'
    code_execute_result = [
        {"code": "6 * 7", "result": "42"},
        {"code": 'strings.Repeat("ab", 2)', "result": "abab", "mime": "text/plain"},
        {"code": "60 + 7", "result": "67"},
    ]
    code_display_data = [
        {"code": 'import "graft/stdlib/display"\ndisplay.Show(display.HTML("<b>x</b>"))', "mime": "text/html"},
        {"code": 'import "image"\ndisplay.Show(image.NewRGBA(image.Rect(0, 0, 8, 8)))', "mime": "image/png"},
    ]
    code_history_pattern = "6 ? 7"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "strings.ToUpper"
    code_clear_output = 'import "graft/stdlib/display"\ndisplay.Clear(true)'
    code_page_something = "strings.ToUpper?"


class Welcome(jkt.IopubWelcomeTests):
    kernel_name = "graft"
    support_iopub_welcome = True
