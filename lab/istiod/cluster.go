package main

import (
	"encoding/json"
	"fmt"
	"os"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// service is one of the cluster's, with its endpoints.
type service struct {
	Namespace string   `json:"namespace"`
	Name      string   `json:"name"`
	ClusterIP string   `json:"clusterIP"`
	Ports     []port   `json:"ports"`
	Addresses []string `json:"addresses"`
}

type port struct {
	Name   string `json:"name"`
	Port   int32  `json:"port"`
	Target int32  `json:"target"`
}

// clusterObjects reads services from a JSON file; none when there is no file.
func clusterObjects(file string) ([]runtime.Object, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var services []service
	if err := json.Unmarshal(text, &services); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var objects []runtime.Object
	seen := map[string]bool{}
	for _, each := range services {
		if !seen[each.Namespace] {
			seen[each.Namespace] = true
			objects = append(objects, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: each.Namespace}})
		}
		objects = append(objects, each.object(), each.slice())
	}
	return objects, nil
}

func (s service) object() *corev1.Service {
	ports := make([]corev1.ServicePort, 0, len(s.Ports))
	for _, p := range s.Ports {
		target := intstr.FromInt32(p.Target)
		ports = append(ports, corev1.ServicePort{Name: p.Name, Port: p.Port, TargetPort: target, Protocol: corev1.ProtocolTCP})
	}
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: s.Name, Namespace: s.Namespace},
		Spec:       corev1.ServiceSpec{ClusterIP: s.ClusterIP, ClusterIPs: []string{s.ClusterIP}, Ports: ports},
	}
}

func (s service) slice() *discoveryv1.EndpointSlice {
	ports := make([]discoveryv1.EndpointPort, 0, len(s.Ports))
	for _, p := range s.Ports {
		tcp := corev1.ProtocolTCP
		ports = append(ports, discoveryv1.EndpointPort{Name: &p.Name, Port: &p.Target, Protocol: &tcp})
	}
	ready := true
	endpoints := make([]discoveryv1.Endpoint, 0, len(s.Addresses))
	for _, address := range s.Addresses {
		conditions := discoveryv1.EndpointConditions{Ready: &ready}
		endpoints = append(endpoints, discoveryv1.Endpoint{Addresses: []string{address}, Conditions: conditions})
	}
	return &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			Name:      s.Name + "-1",
			Namespace: s.Namespace,
			Labels:    map[string]string{discoveryv1.LabelServiceName: s.Name},
		},
		AddressType: discoveryv1.AddressTypeIPv4,
		Ports:       ports,
		Endpoints:   endpoints,
	}
}
