package lab;

import lab.jvm.Lab;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.cloud.netflix.eureka.server.EnableEurekaServer;

/** A Eureka server; application.properties makes it quick to notice things. Its port comes as --server.port. */
@SpringBootApplication
@EnableEurekaServer
public class Main {
    public static void main(String[] args) {
        Lab.endWithStdin();
        new SpringApplicationBuilder(Main.class).run(args);
    }
}
