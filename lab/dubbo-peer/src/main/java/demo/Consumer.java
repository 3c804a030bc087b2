package demo;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import org.apache.dubbo.config.ApplicationConfig;
import org.apache.dubbo.config.ReferenceConfig;
import org.apache.dubbo.config.RegistryConfig;
import org.apache.dubbo.config.bootstrap.DubboBootstrap;
import org.apache.dubbo.rpc.RpcContext;

/**
 * A Dubbo consumer; prints CONSUMER-READY, then answers each line of standard input with one line,
 * {@code OK milliseconds answer} or {@code ERR milliseconds reason}. The lines: {@code greet NAME}, {@code whoami},
 * {@code find NUMBER}, {@code level SKU} (with stock). Arguments:
 * <pre>
 *  app=demo-consumer   registry=zookeeper://host:port | url=dubbo://host:port
 *  group= version= protocol=tri|dubbo tag= timeout=3000 stock provided-by=app param.name=value
 *  migration=FORCE_INTERFACE|APPLICATION_FIRST|FORCE_APPLICATION
 * </pre>
 */
public final class Consumer {
    private static final String MIGRATION = "dubbo.application.service-discovery.migration";

    private final Arguments arguments;
    private GreetingService greeting;
    private StockService stock;

    private Consumer(Arguments arguments) {
        this.arguments = arguments;
    }

    public static void main(String[] words) throws Exception {
        Consumer consumer = new Consumer(new Arguments(words));
        consumer.start();
        System.out.println("CONSUMER-READY");
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = lines.readLine()) != null; ) System.out.println(consumer.answer(line.trim()));
        Runtime.getRuntime().halt(0);
    }

    private void start() throws Exception {
        Loopback.allow("127.0.0.1");
        if (arguments.has("migration")) System.setProperty(MIGRATION, arguments.get("migration", null));
        ApplicationConfig application = new ApplicationConfig(arguments.get("app", "demo-consumer"));
        application.setQosEnable(false);
        DubboBootstrap bootstrap = DubboBootstrap.getInstance()
            .application(application).registry(new RegistryConfig(arguments.get("registry", "N/A")));
        ReferenceConfig<GreetingService> greetings = reference(GreetingService.class);
        ReferenceConfig<StockService> stocks = reference(StockService.class);
        bootstrap.reference(greetings);
        if (arguments.has("stock")) bootstrap.reference(stocks);
        bootstrap.start();
        greeting = greetings.get();
        if (arguments.has("stock")) stock = stocks.get();
    }

    private <T> ReferenceConfig<T> reference(Class<T> type) {
        ReferenceConfig<T> reference = new ReferenceConfig<>();
        reference.setInterface(type);
        reference.setCheck(false);
        reference.setRetries(0);
        reference.setTimeout(Integer.valueOf(arguments.get("timeout", "3000")));
        if (arguments.has("url")) reference.setUrl(arguments.get("url", null));
        if (arguments.has("group")) reference.setGroup(arguments.get("group", null));
        if (arguments.has("version")) reference.setVersion(arguments.get("version", null));
        if (arguments.has("protocol")) reference.setProtocol(arguments.get("protocol", null));
        if (arguments.has("provided-by")) reference.setProvidedBy(arguments.get("provided-by", null));
        if (!arguments.under("param").isEmpty()) reference.setParameters(arguments.under("param"));
        return reference;
    }

    private String answer(String line) {
        long began = System.nanoTime();
        String result;
        String word = "OK";
        try {
            if (arguments.has("tag")) {
                RpcContext.getClientAttachment().setAttachment("dubbo.tag", arguments.get("tag", null));
            }
            result = String.valueOf(call(line.split(" ", 2)));
        } catch (Exception error) {
            word = "ERR";
            result = error.getClass().getSimpleName() + ": " + String.valueOf(error.getMessage()).replace('\n', ' ');
        }
        return word + " " + (System.nanoTime() - began) / 1_000_000 + " " + result;
    }

    private Object call(String[] words) {
        switch (words[0]) {
            case "greet":
                return greeting.greet(words[1]);
            case "whoami":
                return greeting.whoami();
            case "find":
                User user = greeting.find(Long.parseLong(words[1]));
                return user.getId() + "/" + user.getName();
            case "level":
                return stock.level(words[1]);
            default:
                throw new IllegalArgumentException("no such call: " + words[0]);
        }
    }
}
