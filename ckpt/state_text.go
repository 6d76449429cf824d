package ckpt

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// stateFields are those of tensorflow/python/training/checkpoint_state.proto.
var stateFields = []struct {
	name     string
	kind     descriptorpb.FieldDescriptorProto_Type
	repeated bool
}{
	{"model_checkpoint_path", descriptorpb.FieldDescriptorProto_TYPE_STRING, true}, // not in the .proto, but TensorFlow takes the last of several
	{"all_model_checkpoint_paths", descriptorpb.FieldDescriptorProto_TYPE_STRING, true},
	{"all_model_checkpoint_timestamps", descriptorpb.FieldDescriptorProto_TYPE_DOUBLE, true},
	{"last_preserved_timestamp", descriptorpb.FieldDescriptorProto_TYPE_DOUBLE, false},
}

// stateMessage builds the CheckpointState message type.
func stateMessage() (protoreflect.MessageDescriptor, error) {
	message := &descriptorpb.DescriptorProto{Name: proto.String("CheckpointState")}
	for i, f := range stateFields {
		label := descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL
		if f.repeated {
			label = descriptorpb.FieldDescriptorProto_LABEL_REPEATED
		}
		message.Field = append(message.Field, &descriptorpb.FieldDescriptorProto{
			Name: proto.String(f.name), Number: proto.Int32(int32(i + 1)), Type: f.kind.Enum(), Label: label.Enum(),
		})
	}
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: proto.String("checkpoint_state.proto"), Package: proto.String("tensorflow"), Syntax: proto.String("proto2"),
		MessageType: []*descriptorpb.DescriptorProto{message},
	}, nil)
	if err != nil {
		return nil, err
	}
	return file.Messages().Get(0), nil
}

// parseState reads the text form of a CheckpointState.
func parseState(text string) (*State, error) {
	descriptor, err := stateMessage()
	if err != nil {
		return nil, err
	}
	m := dynamicpb.NewMessage(descriptor)
	if err := prototext.Unmarshal([]byte(unknownEscapes(text)), m); err != nil {
		return nil, fmt.Errorf("not a checkpoint state in text form: %w", err)
	}
	fields := descriptor.Fields()
	s := &State{}
	if paths := m.Get(fields.Get(0)).List(); paths.Len() > 0 {
		s.Latest = paths.Get(paths.Len() - 1).String()
	}
	all := m.Get(fields.Get(1)).List()
	for i := range all.Len() {
		s.All = append(s.All, all.Get(i).String())
	}
	if s.Latest == "" {
		return nil, errors.New("it names no model_checkpoint_path")
	}
	return s, nil
}

// escaped is a backslash and what it stands before.
var escaped = regexp.MustCompile(`(?s)\\.`)

// unknownEscapes doubles the backslash of escapes that there are not: Python
// leaves both characters as they are.
func unknownEscapes(text string) string {
	return escaped.ReplaceAllStringFunc(text, func(e string) string {
		if strings.ContainsAny(e[1:], `abfnrtvxXuU01234567\'"?`) {
			return e
		}
		return `\` + e
	})
}
