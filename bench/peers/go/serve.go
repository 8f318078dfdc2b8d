package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"net"
	"os"

	_ "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/types"
	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	"github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"github.com/envoyproxy/go-control-plane/pkg/server/v3"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// A snapshot for a node: encoded google.protobuf.Any in base64, all types together.
type publication struct {
	Node      string   `json:"node"`
	Version   string   `json:"version"`
	Resources []string `json:"resources"`
}

func decode(encoded []string) map[resource.Type][]types.Resource {
	byType := map[resource.Type][]types.Resource{}
	for _, text := range encoded {
		bytes, err := base64.StdEncoding.DecodeString(text)
		fail(err)
		any := &anypb.Any{}
		fail(proto.Unmarshal(bytes, any))
		message, err := any.UnmarshalNew()
		fail(err)
		byType[any.TypeUrl] = append(byType[any.TypeUrl], message)
	}
	return byType
}

// With a journal, each publication is synced to disk before it is served, as a control plane must that forgets nothing it accepted.
func serve(journalPath string) {
	var journal *os.File
	if journalPath != "" {
		var err error
		journal, err = os.OpenFile(journalPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		fail(err)
	}
	snapshots := cache.NewSnapshotCache(true, cache.IDHash{}, nil)
	grpcServer := grpc.NewServer(grpc.MaxConcurrentStreams(1_000_000))
	discovery.RegisterAggregatedDiscoveryServiceServer(grpcServer, server.NewServer(context.Background(), snapshots, nil))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	fail(err)
	go func() { fail(grpcServer.Serve(listener)) }()
	say(map[string]int{"port": listener.Addr().(*net.TCPAddr).Port})

	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var next publication
		fail(json.Unmarshal(lines.Bytes(), &next))
		if journal != nil {
			_, err := journal.Write(append(lines.Bytes(), '\n'))
			fail(err)
			fail(journal.Sync())
		}
		snapshot, err := cache.NewSnapshot(next.Version, decode(next.Resources))
		fail(err)
		fail(snapshots.SetSnapshot(context.Background(), next.Node, snapshot))
		say(map[string]string{"version": next.Version})
	}
}
