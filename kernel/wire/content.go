package wire

// The contents of messages. No field that the specification wants can come
// out as null: lists are Strings or List, objects Object or Bundle.

// Status is the content of a status message: "starting", "busy" or "idle".
type Status struct {
	State string `json:"execution_state"`
}

// Ok is a reply that says no more.
type Ok struct {
	Status string `json:"status"`
}

// Fault is why something failed: the content of an error message on iopub.
type Fault struct {
	Name      string  `json:"ename"`
	Value     string  `json:"evalue"`
	Traceback Strings `json:"traceback"`
}

// Failure is a reply to a request that failed.
type Failure struct {
	Status string `json:"status"` // "error"
	Fault
}

// ExecuteRequest asks to run a cell.
type ExecuteRequest struct {
	Code            string            `json:"code"`
	Silent          bool              `json:"silent"`
	StoreHistory    *bool             `json:"store_history"` // default: not silent
	UserExpressions map[string]string `json:"user_expressions"`
	AllowStdin      bool              `json:"allow_stdin"`
	StopOnError     *bool             `json:"stop_on_error"` // default: true
}

// ExecuteInput tells all front ends what is being run.
type ExecuteInput struct {
	Code  string `json:"code"`
	Count int    `json:"execution_count"`
}

// ExecuteReply ends a cell that ran to its end.
type ExecuteReply struct {
	Status          string `json:"status"` // "ok"
	Count           int    `json:"execution_count"`
	UserExpressions Object `json:"user_expressions"`
	Payload         List   `json:"payload"` // of Page and SetNextInput
}

// ExecuteFailure ends a cell that failed, or that one before it stopped.
type ExecuteFailure struct {
	Status string `json:"status"` // "error"
	Count  int    `json:"execution_count"`
	Fault
}

// Page is a payload: text for the front end's pager.
type Page struct {
	Source string `json:"source"` // "page"
	Data   Bundle `json:"data"`
	Start  int    `json:"start"` // line
}

// SetNextInput is a payload: source that the front end offers as a cell.
type SetNextInput struct {
	Source  string `json:"source"` // "set_next_input"
	Text    string `json:"text"`
	Replace bool   `json:"replace"` // the cell that was run
}

// Stream is text of "stdout" or "stderr".
type Stream struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// Display is the content of display_data and update_display_data.
type Display struct {
	Data      Bundle    `json:"data"`
	Metadata  Object    `json:"metadata"`
	Transient Transient `json:"transient"`
}

// ExecuteResult is the value of a cell.
type ExecuteResult struct {
	Count int `json:"execution_count"`
	Display
}

// Transient is what a notebook does not store.
type Transient struct {
	DisplayID string `json:"display_id,omitempty"`
}

// ClearOutput removes a cell's outputs, with Wait at the next one.
type ClearOutput struct {
	Wait bool `json:"wait"`
}

// Expression is one entry of a reply's user_expressions that succeeded.
type Expression struct {
	Status   string `json:"status"` // "ok"
	Data     Bundle `json:"data"`
	Metadata Object `json:"metadata"`
}

// SourceRequest is the content of complete_request, inspect_request and
// is_complete_request.
type SourceRequest struct {
	Code      string `json:"code"`
	CursorPos *int   `json:"cursor_pos"` // code points; default: the end
	Detail    int    `json:"detail_level"`
}

// CompleteReply lists what may replace the code between two positions, in
// code points.
type CompleteReply struct {
	Status   string  `json:"status"`
	Matches  Strings `json:"matches"`
	Start    int     `json:"cursor_start"`
	End      int     `json:"cursor_end"`
	Metadata Object  `json:"metadata"`
}

// InspectReply describes a name.
type InspectReply struct {
	Status   string `json:"status"`
	Found    bool   `json:"found"`
	Data     Bundle `json:"data"`
	Metadata Object `json:"metadata"`
}

// IsCompleteReply says whether code can be run.
type IsCompleteReply struct {
	Status string  `json:"status"` // "complete", "incomplete", "invalid", "unknown"
	Indent *string `json:"indent,omitempty"`
}

// HistoryRequest asks for earlier cells.
type HistoryRequest struct {
	Output  bool   `json:"output"`
	Access  string `json:"hist_access_type"` // "range", "tail", "search"
	Session int    `json:"session"`
	Start   int    `json:"start"`
	Stop    *int   `json:"stop"`
	N       *int   `json:"n"`
	Pattern string `json:"pattern"`
	Unique  bool   `json:"unique"`
}

// HistoryReply holds [session, line, source] or, with outputs,
// [session, line, [source, output]].
type HistoryReply struct {
	Status  string `json:"status"`
	History List   `json:"history"`
}

// KernelInfo is the content of kernel_info_reply.
type KernelInfo struct {
	Status                string   `json:"status"`
	ProtocolVersion       string   `json:"protocol_version"`
	Implementation        string   `json:"implementation"`
	ImplementationVersion string   `json:"implementation_version"`
	Language              Language `json:"language_info"`
	Banner                string   `json:"banner"`
	Debugger              bool     `json:"debugger"`
	HelpLinks             List     `json:"help_links"` // of Link
	Features              Strings  `json:"supported_features"`
}

// Language is what front ends need to know of a kernel's language.
type Language struct {
	Name           string `json:"name"`
	Version        string `json:"version"`
	MIME           string `json:"mimetype"`
	Extension      string `json:"file_extension"`
	PygmentsLexer  string `json:"pygments_lexer"`
	CodeMirrorMode string `json:"codemirror_mode"`
	Exporter       string `json:"nbconvert_exporter"`
}

// Link is an entry of a front end's help menu.
type Link struct {
	Text string `json:"text"`
	URL  string `json:"url"`
}

// ConnectReply names the kernel's ports.
type ConnectReply struct {
	Status  string `json:"status"`
	Shell   int    `json:"shell_port"`
	IOPub   int    `json:"iopub_port"`
	Stdin   int    `json:"stdin_port"`
	HB      int    `json:"hb_port"`
	Control int    `json:"control_port"`
}

// Shutdown is the content of shutdown_request, and with Status of its reply.
type Shutdown struct {
	Status  string `json:"status,omitempty"`
	Restart bool   `json:"restart"`
}

// InputRequest asks the user for a line.
type InputRequest struct {
	Prompt   string `json:"prompt"`
	Password bool   `json:"password"`
}

// InputReply is the answer.
type InputReply struct {
	Status string `json:"status"`
	Value  string `json:"value"`
}

// Comm is the content of comm_open, comm_msg and comm_close.
type Comm struct {
	ID     string `json:"comm_id"`
	Target string `json:"target_name,omitempty"`
	Data   Raw    `json:"data"`
}

// CommInfoRequest asks for the open comms, of one target unless it is "".
type CommInfoRequest struct {
	Target string `json:"target_name"`
}

// CommInfoReply lists the open comms: id → {"target_name": …}.
type CommInfoReply struct {
	Status string `json:"status"`
	Comms  Object `json:"comms"`
}

// Subshell is the content of delete_subshell_request, and with Status of the
// reply to create_subshell_request.
type Subshell struct {
	Status string `json:"status,omitempty"`
	ID     string `json:"subshell_id"`
}

// SubshellList is the reply to list_subshell_request.
type SubshellList struct {
	Status string  `json:"status"`
	IDs    Strings `json:"subshell_id"`
}

// Welcome is the first message to a subscriber (JEP 65).
type Welcome struct {
	Subscription string `json:"subscription"`
}
