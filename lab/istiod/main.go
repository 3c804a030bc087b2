// Command istiod runs Istio's real control plane on one machine, without Kubernetes, for inmesh's tests.
//
//	istiod -meshConfig mesh.yaml -grpcAddr ... serves xDS for the configuration the mesh config names
//	istiod ca DIR                              writes a new certificate authority and exits
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"reflect"
	"syscall"
	"time"
	"unsafe"

	"istio.io/istio/pilot/pkg/bootstrap"
	"istio.io/istio/pilot/pkg/serviceregistry/provider"
	"istio.io/istio/pkg/cluster"
	"istio.io/istio/pkg/ctrlz"
	"istio.io/istio/pkg/keepalive"
	"istio.io/istio/pkg/kube"
	"k8s.io/apimachinery/pkg/runtime"
)

// addresses are where the server listens; all of them on the loopback in a lab.
type addresses struct {
	grpc, secureGRPC, http, monitoring string
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == "ca" {
		exitOn(writeAuthority(os.Args[2]))
		return
	}
	var at addresses
	services := flag.String("services", "", "JSON file of Kubernetes Services that the cluster has; without one it is empty")
	meshConfig := flag.String("meshConfig", "", "MeshConfig as YAML or JSON")
	flag.StringVar(&at.grpc, "grpcAddr", "127.0.0.1:15010", "xDS in plaintext")
	flag.StringVar(&at.secureGRPC, "secureGRPCAddr", "127.0.0.1:15012", "xDS and certificate signing over TLS")
	flag.StringVar(&at.http, "httpAddr", "127.0.0.1:8080", "readiness and debug pages")
	flag.StringVar(&at.monitoring, "monitoringAddr", "127.0.0.1:15014", "metrics")
	followStdin := flag.Bool("exitWithStdin", false, "exit when standard input closes, so that no test leaves a server behind")
	flag.Parse()

	objects, err := clusterObjects(*services)
	exitOn(err)
	args := pilotArgs(at, *meshConfig)
	if len(objects) > 0 {
		args.RegistryOptions.Registries = []string{string(provider.Kubernetes)}
	}
	server, err := bootstrap.NewServer(args, injectCluster(objects))
	exitOn(err)
	stop := make(chan struct{})
	exitOn(server.Start(stop))
	fmt.Println("istiod started")

	over := make(chan os.Signal, 1)
	signal.Notify(over, syscall.SIGINT, syscall.SIGTERM)
	if *followStdin {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			over <- syscall.SIGTERM
		}()
	}
	<-over
	close(stop)
	server.WaitUntilCompletion()
}

func pilotArgs(at addresses, meshConfig string) *bootstrap.PilotArgs {
	args := bootstrap.NewPilotArgs(func(p *bootstrap.PilotArgs) {
		p.CtrlZOptions = ctrlz.DefaultOptions()
		p.CtrlZOptions.Port = 0
		p.KeepaliveOptions = keepalive.DefaultOption()
		p.RegistryOptions.Registries = nil
		p.RegistryOptions.KubeOptions.DomainSuffix = "cluster.local"
		p.RegistryOptions.KubeOptions.ClusterID = cluster.ID("Kubernetes")
		p.MeshConfigFile = meshConfig
		p.ServerOptions.GRPCAddr = at.grpc
		p.ServerOptions.SecureGRPCAddr = at.secureGRPC
		p.ServerOptions.HTTPAddr = at.http
		p.ServerOptions.HTTPSAddr = ""
		p.ServerOptions.MonitoringAddr = at.monitoring
		// It refuses to start without a minimum.
		p.ServerOptions.TLSOptions.TLSMinVersion = bootstrap.TLSMinVersion1_2
		p.ShutdownDuration = time.Second
	})
	exitOn(args.Complete())
	return args
}

// injectCluster gives the server a Kubernetes that holds these objects, mostly none: since 1.30 it dereferences its
// client unconditionally, and the field is not exported.
func injectCluster(objects []runtime.Object) func(*bootstrap.Server) {
	return func(s *bootstrap.Server) {
		field := reflect.ValueOf(s).Elem().FieldByName("kubeClient")
		client := kube.Client(kube.NewFakeClient(objects...))
		reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem().Set(reflect.ValueOf(&client).Elem())
	}
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "istiod:", err)
		os.Exit(1)
	}
}
