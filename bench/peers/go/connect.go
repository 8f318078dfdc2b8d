package main

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

type options struct {
	Target      string   `json:"target"`
	Node        string   `json:"node"`
	Streams     int      `json:"streams"`
	Connections int      `json:"connections"`
	Endpoints   []string `json:"endpoints"`
	Routes      []string `json:"routes"`
}

// arrivals counts the streams that got each version of the routes.
type arrivals struct {
	sync.Mutex
	streams int
	counts  map[string]int
}

func (a *arrivals) add(version string, bytes int) {
	at := time.Now()
	a.Lock()
	defer a.Unlock()
	a.counts[version]++
	if a.counts[version] == a.streams {
		delete(a.counts, version)
		// Milliseconds of the epoch, with fractions: another process of this machine sent it.
		say(map[string]any{"at": float64(at.UnixNano()) / 1e6, "bytes": bytes})
	}
}

// Asks for everything as Envoy does, and accepts whatever comes.
func follow(client discovery.AggregatedDiscoveryServiceClient, with options, all *arrivals) {
	stream, err := client.StreamAggregatedResources(context.Background())
	fail(err)
	node := &core.Node{Id: with.Node, UserAgentName: "envoy"}
	names := map[string][]string{resource.EndpointType: with.Endpoints, resource.RouteType: with.Routes}
	for _, url := range []string{resource.ClusterType, resource.EndpointType, resource.ListenerType, resource.RouteType} {
		fail(stream.Send(&discovery.DiscoveryRequest{Node: node, TypeUrl: url, ResourceNames: names[url]}))
	}
	for {
		response, err := stream.Recv()
		fail(err)
		if response.TypeUrl == resource.RouteType {
			size := 0
			for _, each := range response.Resources {
				size += len(each.Value)
			}
			all.add(response.VersionInfo, size)
		}
		fail(stream.Send(&discovery.DiscoveryRequest{
			TypeUrl: response.TypeUrl, ResourceNames: names[response.TypeUrl], VersionInfo: response.VersionInfo, ResponseNonce: response.Nonce,
		}))
	}
}

func connect(text string) {
	var with options
	fail(json.Unmarshal([]byte(text), &with))
	say(map[string]int{"streams": with.Streams})
	all := &arrivals{streams: with.Streams, counts: map[string]int{}}
	clients := make([]discovery.AggregatedDiscoveryServiceClient, with.Connections)
	for i := range clients {
		connection, err := grpc.NewClient(with.Target, grpc.WithTransportCredentials(insecure.NewCredentials()))
		fail(err)
		clients[i] = discovery.NewAggregatedDiscoveryServiceClient(connection)
	}
	for i := 0; i < with.Streams; i++ {
		go follow(clients[i%len(clients)], with, all)
	}
	select {}
}
