// A server on the Go SDK or on mcp-go, which reads JSON by other rules, that takes whatever it is asked
// to do and prints it, a line of JSON each, so that a test sees what a message was taken for. Knows
// nothing of a gate.
//
// Usage: server official|mcp-go; the line "listening on URL" on stderr says where.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"

	community "github.com/mark3labs/mcp-go/mcp"
	communityserver "github.com/mark3labs/mcp-go/server"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

func did(act, name string) {
	line, err := json.Marshal(map[string]string{"act": act, "name": name})
	if err != nil {
		panic(err)
	}
	fmt.Println(string(line))
}

func official() http.Handler {
	server := mcp.NewServer(&mcp.Implementation{Name: "acting", Version: "1"}, nil)
	for _, name := range []string{"read_file", "SECRET"} {
		tool := &mcp.Tool{Name: name, InputSchema: json.RawMessage(`{"type":"object"}`)}
		server.AddTool(tool, func(_ context.Context, request *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			did("call", request.Params.Name)
			return &mcp.CallToolResult{}, nil
		})
	}
	server.AddPrompt(&mcp.Prompt{Name: "SECRET"}, func(_ context.Context, request *mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
		did("prompt", request.Params.Name)
		return &mcp.GetPromptResult{}, nil
	})
	server.AddResource(&mcp.Resource{Name: "secret", URI: "file:///SECRET"}, func(_ context.Context, request *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
		did("read", request.Params.URI)
		return &mcp.ReadResourceResult{}, nil
	})
	return mcp.NewStreamableHTTPHandler(
		func(*http.Request) *mcp.Server { return server },
		&mcp.StreamableHTTPOptions{Stateless: true, JSONResponse: true},
	)
}

func mcpGo() http.Handler {
	server := communityserver.NewMCPServer("acting", "1")
	for _, name := range []string{"read_file", "SECRET"} {
		server.AddTool(community.NewTool(name), func(_ context.Context, request community.CallToolRequest) (*community.CallToolResult, error) {
			did("call", request.Params.Name)
			return community.NewToolResultText("done"), nil
		})
	}
	server.AddPrompt(community.NewPrompt("SECRET"), func(_ context.Context, request community.GetPromptRequest) (*community.GetPromptResult, error) {
		did("prompt", request.Params.Name)
		return &community.GetPromptResult{}, nil
	})
	server.AddResource(community.NewResource("file:///SECRET", "secret"), func(_ context.Context, request community.ReadResourceRequest) ([]community.ResourceContents, error) {
		did("read", request.Params.URI)
		return nil, nil
	})
	return communityserver.NewStreamableHTTPServer(server, communityserver.WithStateLess(true))
}

func main() {
	handlers := map[string]func() http.Handler{"official": official, "mcp-go": mcpGo}
	handler := handlers[os.Args[1]]()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Fprintf(os.Stderr, "listening on http://%s/mcp\n", listener.Addr())
	log.Fatal(http.Serve(listener, handler))
}
