package nb

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"reflect"
	"time"
)

// ScanNull sets what dest points to from src, as sql.Null's Scan does. Package
// database/sql converts by kinds, so that it can for a cell's types as well.
func (rt *Runtime) ScanNull(dest, src any) error {
	name := rt.NameOf(dest)
	to := ValueOf(dest)
	if c, ok := unwrap(dest); ok {
		if m := c.T.binder("Scan"); m != nil {
			if scan, ok := m(c.V).(func(any) error); ok {
				return scan(src)
			}
		}
	} else if s, ok := dest.(sql.Scanner); ok {
		return s.Scan(src)
	}
	if from := ValueOf(src); from.IsValid() && Assignable(from.Type(), to.Elem().Type()) {
		to.Elem().Set(from)
		return nil
	}
	scan := scanKinds[to.Elem().Kind()]
	switch dest.(type) {
	case *[]byte:
		scan = scanned[[]byte]
	case *time.Time:
		scan = scanned[time.Time]
	}
	if scan == nil {
		return fmt.Errorf("unsupported Scan, storing driver.Value type %s into type %s", rt.NameOf(src), name)
	}
	v, err := scan(rt.Raw(src))
	if err != nil {
		return err
	}
	to.Elem().Value.Set(v.Convert(to.Elem().Value.Type()))
	return nil
}

// NullValue is v as a driver takes it.
func (rt *Runtime) NullValue(v any) (any, error) {
	c, ok := unwrap(v)
	if !ok {
		return driver.DefaultParameterConverter.ConvertValue(v)
	}
	if x, err := driver.DefaultParameterConverter.ConvertValue(c.V); err == nil {
		return x, nil
	}
	return nil, fmt.Errorf("unsupported type %s, a %s", c.T.Name, ValueOf(v).Kind())
}

var scanKinds = map[reflect.Kind]func(src any) (reflect.Value, error){
	reflect.Bool: scanned[bool], reflect.String: scanned[string], reflect.Int: scanned[int], reflect.Int8: scanned[int8], reflect.Int16: scanned[int16],
	reflect.Int32: scanned[int32], reflect.Int64: scanned[int64], reflect.Uint: scanned[uint], reflect.Uint8: scanned[uint8], reflect.Uint16: scanned[uint16],
	reflect.Uint32: scanned[uint32], reflect.Uint64: scanned[uint64], reflect.Float32: scanned[float32], reflect.Float64: scanned[float64],
}

func scanned[T any](src any) (reflect.Value, error) {
	var n sql.Null[T]
	err := n.Scan(src)
	return reflect.ValueOf(n.V), err
}
