// The peer of the benchmarks: go-control-plane's snapshot cache behind its ADS server, and a client that opens many streams as proxies do.
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func say(line any) {
	bytes, err := json.Marshal(line)
	fail(err)
	fmt.Println(string(bytes))
}

func main() {
	switch {
	case len(os.Args) == 2 && os.Args[1] == "serve":
		serve("")
	case len(os.Args) == 3 && os.Args[1] == "serve":
		serve(os.Args[2])
	case len(os.Args) == 3 && os.Args[1] == "connect":
		connect(os.Args[2])
	default:
		fail(fmt.Errorf("usage: peer serve [JOURNAL] | peer connect OPTIONS_AS_JSON"))
	}
}
