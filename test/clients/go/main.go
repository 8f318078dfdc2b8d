// Plays steps through the AWS SDK for Go v2: reads [{"operation", "input"}] on standard input and writes [{"output"} or {"error"}],
// all members named as on the wire. The endpoint comes from AWS_ENDPOINT_URL, as for any program.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"reflect"
	"strings"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/appmesh"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
)

type step struct {
	Operation string          `json:"operation"`
	Input     json.RawMessage `json:"input"`
	// Asks for pages of this size, and goes on until there are no more.
	PageSize int32 `json:"pageSize"`
}

type failure struct {
	Type    string `json:"type"`
	Message string `json:"message"`
	Status  int    `json:"status"`
	// The Go type that errors.As finds.
	Class string `json:"class"`
}

type result struct {
	Output    any      `json:"output,omitempty"`
	Error     *failure `json:"error,omitempty"`
	RequestID string   `json:"requestId"`
}

func play(ctx context.Context, client *appmesh.Client, s step) (result, error) {
	method := reflect.ValueOf(client).MethodByName(s.Operation)
	if !method.IsValid() {
		return result{}, fmt.Errorf("%s: no such operation", s.Operation)
	}
	input := reflect.New(method.Type().In(1).Elem())
	var members any
	if err := json.Unmarshal(s.Input, &members); err != nil {
		return result{}, err
	}
	if err := decode(members, input.Elem()); err != nil {
		return result{}, fmt.Errorf("%s: %w", s.Operation, err)
	}
	if s.PageSize > 0 {
		input.Elem().FieldByName("Limit").Set(reflect.ValueOf(&s.PageSize))
	}
	output, err := call(ctx, method, input)
	if err != nil {
		return tellOf(err)
	}
	for s.PageSize > 0 && !output.FieldByName("NextToken").IsNil() {
		input.Elem().FieldByName("NextToken").Set(output.FieldByName("NextToken"))
		next, err := call(ctx, method, input)
		if err != nil {
			return tellOf(err)
		}
		join(output, next)
	}
	id, _ := awsmiddleware.GetRequestIDMetadata(output.FieldByName("ResultMetadata").Interface().(middleware.Metadata))
	return result{Output: encode(output), RequestID: id}, nil
}

func call(ctx context.Context, method, input reflect.Value) (reflect.Value, error) {
	answers := method.Call([]reflect.Value{reflect.ValueOf(ctx), input})
	if err, failed := answers[1].Interface().(error); failed {
		return reflect.Value{}, err
	}
	return answers[0].Elem(), nil
}

// join adds the lists of a page to those before it, and takes its token.
func join(all, page reflect.Value) {
	for index := range all.NumField() {
		if field := all.Field(index); field.Kind() == reflect.Slice {
			field.Set(reflect.AppendSlice(field, page.Field(index)))
		}
	}
	all.FieldByName("NextToken").Set(page.FieldByName("NextToken"))
}

// tellOf is the result of an error of the service; any other one ends the program.
func tellOf(err error) (result, error) {
	var api smithy.APIError
	var response *awshttp.ResponseError
	if !errors.As(err, &api) || !errors.As(err, &response) {
		return result{}, err
	}
	class := strings.TrimPrefix(fmt.Sprintf("%T", api), "*types.")
	told := &failure{Type: api.ErrorCode(), Message: api.ErrorMessage(), Status: response.HTTPStatusCode(), Class: class}
	return result{Error: told, RequestID: response.ServiceRequestID()}, nil
}

func main() {
	ctx := context.Background()
	settings, err := config.LoadDefaultConfig(ctx, config.WithRetryMaxAttempts(1))
	if err != nil {
		log.Fatal(err)
	}
	var steps []step
	if err := json.NewDecoder(os.Stdin).Decode(&steps); err != nil {
		log.Fatal(err)
	}
	client := appmesh.NewFromConfig(settings)
	results := make([]result, 0, len(steps))
	for _, s := range steps {
		played, err := play(ctx, client, s)
		if err != nil {
			log.Fatal(err)
		}
		results = append(results, played)
	}
	if err := json.NewEncoder(os.Stdout).Encode(results); err != nil {
		log.Fatal(err)
	}
}
