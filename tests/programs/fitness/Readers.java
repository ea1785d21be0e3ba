import java.io.ByteArrayInputStream;
import java.io.File;
import java.nio.file.Files;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/** For each file of a directory: whether a trust store with it beside a good root can be had
 * and still believes what the good root has signed, as a line with its name. */
public class Readers {
    private static final CertificateFactory FACTORY;

    static {
        try {
            FACTORY = CertificateFactory.getInstance("X.509");
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    public static void main(String[] args) throws Exception {
        X509Certificate root = read(new File(args[0]));
        X509Certificate[] chain = {read(new File(args[1])), root};
        File[] files = new File(args[2]).listFiles();

        Arrays.sort(files);
        for (File file : files) {
            String why = "good";

            try {
                check(root, chain, file);
            } catch (Throwable e) {
                why = e.toString().replace('\n', ' ');
            }
            System.out.println(file.getName() + " " + why);
        }
    }

    private static X509Certificate read(File file) throws Exception {
        return (X509Certificate) FACTORY.generateCertificate(
                new ByteArrayInputStream(Files.readAllBytes(file.toPath())));
    }

    private static void check(X509Certificate root, X509Certificate[] chain, File file)
            throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        TrustManagerFactory managers =
                TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        X509Certificate odd = read(file);
        int issuers = 0;

        store.load(null, null);
        store.setCertificateEntry("odd", odd);
        store.setCertificateEntry("root", root);
        managers.init(store);
        for (TrustManager manager : managers.getTrustManagers()) {
            issuers += ((X509TrustManager) manager).getAcceptedIssuers().length;
            ((X509TrustManager) manager).checkServerTrusted(chain, "ECDHE_ECDSA");
        }
        if (issuers != 2) {
            throw new IllegalStateException(issuers + " issuers");
        }
        odd.getSubjectX500Principal().getName();
        odd.getIssuerX500Principal().hashCode();
        odd.getSerialNumber();
        odd.hashCode();
        odd.getPublicKey().getEncoded();
        odd.getBasicConstraints();
        odd.getKeyUsage();
        odd.getExtendedKeyUsage();
        odd.toString();
    }
}
