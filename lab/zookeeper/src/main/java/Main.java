import lab.jvm.Lab;
import org.apache.zookeeper.server.quorum.QuorumPeerMain;

/** A standalone ZooKeeper; its one argument is the configuration file. */
public final class Main {
    public static void main(String[] args) {
        Lab.endWithStdin();
        QuorumPeerMain.main(args);
    }
}
