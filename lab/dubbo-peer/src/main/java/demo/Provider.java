package demo;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import lab.jvm.Lab;
import org.apache.dubbo.config.ApplicationConfig;
import org.apache.dubbo.config.MetadataReportConfig;
import org.apache.dubbo.config.ProtocolConfig;
import org.apache.dubbo.config.RegistryConfig;
import org.apache.dubbo.config.ServiceConfig;
import org.apache.dubbo.config.bootstrap.DubboBootstrap;

/**
 * A Dubbo provider; prints PROVIDER-READY when it is registered. Arguments, those with * may come more than once:
 * <pre>
 *  app=demo-provider  id=p1  host=127.0.0.1
 *  protocol=dubbo:20880 *                       protocol=tri:50051
 *  registry=zookeeper://host:port *             nacos://host:port?namespace=n&amp;group=g; N/A for none
 *  register-mode=interface|instance|all         metadata-type=local|remote
 *  metadata-report=zookeeper://host:port *      else Dubbo takes the registry
 *  service=greeting[:group[:version]] *         service=stock[:group[:version]]
 *  weight=100  tag=gray  zone=z1  simplified=true
 *  param.name=value (of services)  app.name=value  reg.name=value (of registries)
 * </pre>
 */
public final class Provider {
    private final Arguments arguments;
    private final String host;

    private Provider(Arguments arguments) {
        this.arguments = arguments;
        this.host = arguments.get("host", "127.0.0.1");
    }

    public static void main(String[] words) throws Exception {
        Lab.endWithStdin();
        new Provider(new Arguments(words)).run();
    }

    private void run() throws Exception {
        Loopback.allow(host);
        DubboBootstrap bootstrap = DubboBootstrap.getInstance()
            .application(application()).registries(registries()).protocols(protocols());
        for (String report : arguments.all("metadata-report")) bootstrap.metadataReport(new MetadataReportConfig(report));
        String id = arguments.get("id", "p1");
        Answers answers = new Answers(id);
        for (String service : arguments.all("service", "greeting")) bootstrap.service(service(service, answers));
        bootstrap.start();
        System.out.println("PROVIDER-READY " + id);
        bootstrap.await();
    }

    private ApplicationConfig application() {
        ApplicationConfig application = new ApplicationConfig(arguments.get("app", "demo-provider"));
        application.setQosEnable(false);
        application.setMetadataType(arguments.get("metadata-type", "local"));
        application.setParameters(arguments.under("app"));
        if (arguments.has("register-mode")) application.setRegisterMode(arguments.get("register-mode", null));
        return application;
    }

    private List<RegistryConfig> registries() {
        List<RegistryConfig> registries = new ArrayList<>();
        for (String address : arguments.all("registry")) {
            RegistryConfig registry = new RegistryConfig(address);
            if (arguments.has("zone")) registry.setZone(arguments.get("zone", null));
            if (arguments.has("simplified")) registry.setSimplified(true);
            Map<String, String> parameters = arguments.under("reg");
            if (!parameters.isEmpty()) registry.updateParameters(parameters);
            registries.add(registry);
        }
        return registries;
    }

    private List<ProtocolConfig> protocols() {
        List<ProtocolConfig> protocols = new ArrayList<>();
        for (String protocol : arguments.all("protocol", "dubbo:20880")) {
            String[] parts = protocol.split(":");
            ProtocolConfig config = new ProtocolConfig(parts[0], Integer.parseInt(parts[1]));
            config.setHost(host);
            protocols.add(config);
        }
        return protocols;
    }

    private ServiceConfig<Object> service(String written, Answers answers) {
        String[] parts = written.split(":", -1);
        ServiceConfig<Object> service = new ServiceConfig<>();
        service.setInterface(parts[0].equals("stock") ? StockService.class : GreetingService.class);
        service.setRef(answers);
        if (parts.length > 1 && !parts[1].isEmpty()) service.setGroup(parts[1]);
        if (parts.length > 2 && !parts[2].isEmpty()) service.setVersion(parts[2]);
        if (arguments.has("weight")) service.setWeight(Integer.valueOf(arguments.get("weight", null)));
        if (arguments.has("tag")) service.setTag(arguments.get("tag", null));
        Map<String, String> parameters = arguments.under("param");
        if (!parameters.isEmpty()) service.setParameters(new HashMap<>(parameters));
        return service;
    }
}
