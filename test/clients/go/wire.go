package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/service/appmesh/types"
)

// members are those of the model's unions, which the SDK has as types of their own.
var members = []any{
	types.AccessLogMemberFile{},
	types.BackendMemberVirtualService{},
	types.ClientTlsCertificateMemberFile{},
	types.ClientTlsCertificateMemberSds{},
	types.GrpcMetadataMatchMethodMemberExact{},
	types.GrpcMetadataMatchMethodMemberRegex{},
	types.GrpcMetadataMatchMethodMemberRange{},
	types.GrpcMetadataMatchMethodMemberPrefix{},
	types.GrpcMetadataMatchMethodMemberSuffix{},
	types.GrpcRouteMetadataMatchMethodMemberExact{},
	types.GrpcRouteMetadataMatchMethodMemberRegex{},
	types.GrpcRouteMetadataMatchMethodMemberRange{},
	types.GrpcRouteMetadataMatchMethodMemberPrefix{},
	types.GrpcRouteMetadataMatchMethodMemberSuffix{},
	types.HeaderMatchMethodMemberExact{},
	types.HeaderMatchMethodMemberRegex{},
	types.HeaderMatchMethodMemberRange{},
	types.HeaderMatchMethodMemberPrefix{},
	types.HeaderMatchMethodMemberSuffix{},
	types.ListenerTimeoutMemberTcp{},
	types.ListenerTimeoutMemberHttp{},
	types.ListenerTimeoutMemberHttp2{},
	types.ListenerTimeoutMemberGrpc{},
	types.ListenerTlsCertificateMemberAcm{},
	types.ListenerTlsCertificateMemberFile{},
	types.ListenerTlsCertificateMemberSds{},
	types.ListenerTlsValidationContextTrustMemberFile{},
	types.ListenerTlsValidationContextTrustMemberSds{},
	types.LoggingFormatMemberText{},
	types.LoggingFormatMemberJson{},
	types.ServiceDiscoveryMemberDns{},
	types.ServiceDiscoveryMemberAwsCloudMap{},
	types.TlsValidationContextTrustMemberAcm{},
	types.TlsValidationContextTrustMemberFile{},
	types.TlsValidationContextTrustMemberSds{},
	types.VirtualGatewayAccessLogMemberFile{},
	types.VirtualGatewayClientTlsCertificateMemberFile{},
	types.VirtualGatewayClientTlsCertificateMemberSds{},
	types.VirtualGatewayConnectionPoolMemberHttp{},
	types.VirtualGatewayConnectionPoolMemberHttp2{},
	types.VirtualGatewayConnectionPoolMemberGrpc{},
	types.VirtualGatewayListenerTlsCertificateMemberAcm{},
	types.VirtualGatewayListenerTlsCertificateMemberFile{},
	types.VirtualGatewayListenerTlsCertificateMemberSds{},
	types.VirtualGatewayListenerTlsValidationContextTrustMemberFile{},
	types.VirtualGatewayListenerTlsValidationContextTrustMemberSds{},
	types.VirtualGatewayTlsValidationContextTrustMemberAcm{},
	types.VirtualGatewayTlsValidationContextTrustMemberFile{},
	types.VirtualGatewayTlsValidationContextTrustMemberSds{},
	types.VirtualNodeConnectionPoolMemberTcp{},
	types.VirtualNodeConnectionPoolMemberHttp{},
	types.VirtualNodeConnectionPoolMemberHttp2{},
	types.VirtualNodeConnectionPoolMemberGrpc{},
	types.VirtualServiceProviderMemberVirtualNode{},
	types.VirtualServiceProviderMemberVirtualRouter{},
}

var memberByName = func() map[string]reflect.Type {
	byName := make(map[string]reflect.Type)
	for _, member := range members {
		byName[reflect.TypeOf(member).Name()] = reflect.TypeOf(member)
	}
	return byName
}()

func upper(name string) string { return strings.ToUpper(name[:1]) + name[1:] }
func lower(name string) string { return strings.ToLower(name[:1]) + name[1:] }

// decodeUnion sets a union's interface to the one member that the object has.
func decodeUnion(from map[string]any, to reflect.Value) error {
	for key, value := range from {
		member, known := memberByName[to.Type().Name()+"Member"+upper(key)]
		if !known {
			return fmt.Errorf("%s has no member %s", to.Type().Name(), key)
		}
		chosen := reflect.New(member)
		if err := decode(value, chosen.Elem().FieldByName("Value")); err != nil {
			return err
		}
		to.Set(chosen)
	}
	return nil
}

func decodeStruct(from map[string]any, to reflect.Value) error {
	for key, value := range from {
		field := to.FieldByName(upper(key))
		if !field.IsValid() {
			return fmt.Errorf("%s has no member %s", to.Type().Name(), key)
		}
		if err := decode(value, field); err != nil {
			return err
		}
	}
	return nil
}

// decode sets a value of the SDK's types to parsed JSON.
func decode(from any, to reflect.Value) error {
	switch to.Kind() {
	case reflect.Pointer:
		to.Set(reflect.New(to.Type().Elem()))
		return decode(from, to.Elem())
	case reflect.Interface:
		return decodeUnion(from.(map[string]any), to)
	case reflect.Struct:
		return decodeStruct(from.(map[string]any), to)
	case reflect.Slice:
		items := from.([]any)
		to.Set(reflect.MakeSlice(to.Type(), len(items), len(items)))
		for index, item := range items {
			if err := decode(item, to.Index(index)); err != nil {
				return err
			}
		}
		return nil
	default:
		text, err := json.Marshal(from)
		if err != nil {
			return err
		}
		return json.Unmarshal(text, to.Addr().Interface())
	}
}

func encodeStruct(from reflect.Value) any {
	if at, isTime := from.Interface().(time.Time); isTime {
		return float64(at.UnixMilli()) / 1000
	}
	object := make(map[string]any)
	for index := range from.NumField() {
		name := from.Type().Field(index).Name
		if !unicode.IsUpper(rune(name[0])) || name == "ResultMetadata" {
			continue
		}
		if value := encode(from.Field(index)); value != nil {
			object[lower(name)] = value
		}
	}
	return object
}

// encode is the wire's JSON of a value of the SDK's types: what is not there is nil.
func encode(from reflect.Value) any {
	switch from.Kind() {
	case reflect.Pointer:
		if from.IsNil() {
			return nil
		}
		return encode(from.Elem())
	case reflect.Interface:
		if from.IsNil() {
			return nil
		}
		member := from.Elem().Elem()
		_, key, _ := strings.Cut(member.Type().Name(), "Member")
		return map[string]any{lower(key): encode(member.FieldByName("Value"))}
	case reflect.Struct:
		return encodeStruct(from)
	case reflect.Slice:
		if from.IsNil() {
			return nil
		}
		items := make([]any, from.Len())
		for index := range items {
			items[index] = encode(from.Index(index))
		}
		return items
	case reflect.String:
		if from.Len() == 0 {
			return nil
		}
		return from.String()
	default:
		return from.Interface()
	}
}
